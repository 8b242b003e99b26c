package org.vbus.connector.vhostuser;

import static org.assertj.core.api.Assertions.assertThat;

import com.code_intelligence.jazzer.junit.FuzzTest;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Collections;
import org.vbus.linux.EventFd;
import org.vbus.linux.UnixSocket;

/// Bytes in pieces of any length, with any number of descriptors: whole messages, or the end of the
/// conversation, and no descriptor lost.
final class MessageChannelFuzzTest {
  private static final int LONGEST_PIECE = 255;

  /// @param script pieces, each behind a byte with its number of descriptors and one with its
  ///   length
  @FuzzTest(maxDuration = "1m")
  void takesAnyBytes(byte[] script) throws IOException {
    UnixSocket[] pair = UnixSocket.pair();
    try (EventFd event = EventFd.create();
        MessageChannel channel = new MessageChannel(pair[0]);
        UnixSocket theirs = pair[1];
        Arena arena = Arena.ofConfined()) {
      MemorySegment piece = arena.allocate(LONGEST_PIECE);
      for (int at = 0; at + 2 < script.length; ) {
        int fds = Math.floorMod(script[at], UnixSocket.MAX_FDS + 1);
        int length = Math.min(script[at + 1] & 0xff, script.length - at - 2);
        MemorySegment.copy(script, at + 2, piece, ValueLayout.JAVA_BYTE, 0, length);
        at += 2 + length;
        if (length > 0) {
          int sent = theirs.send(piece, 0, length, Collections.nCopies(fds, event.fd()));
          assertThat(sent).isEqualTo(length);
          if (!readAll(channel)) {
            return;
          }
        }
      }
    }
  }

  /// Reads what there is; whether the conversation goes on.
  private static boolean readAll(MessageChannel channel) {
    try {
      while (channel.read() == MessageChannel.Outcome.MESSAGE) {
        assertThat(channel.payload().byteSize()).isEqualTo(channel.size());
        assertThat(channel.size()).isBetween(0, Payload.LONGEST);
        assertThat(channel.fds()).hasSizeLessThanOrEqualTo(UnixSocket.MAX_FDS);
      }
      return true;
    } catch (ProtocolException e) {
      return false;
    }
  }
}
