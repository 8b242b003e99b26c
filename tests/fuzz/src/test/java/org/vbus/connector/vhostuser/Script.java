package org.vbus.connector.vhostuser;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.vbus.linux.EventFd;
import org.vbus.linux.Fd;
import org.vbus.linux.SharedMemory;
import org.vbus.linux.UnixSocket;

/// A front-end that plays what is written in bytes, of which every sequence means something.
///
/// ```
/// message: request (1 to 63)  descriptors and flags  number of words (0 to 40)  words
/// store:   64 to 255          place in memory (2)    word
/// word:    a constant of the table below, or 255 and 8 bytes, or else its own value
/// descriptors: bits 0-2 how many, bits 3-5 of what kind; bit 6 asks for an acknowledgement
/// ```
final class Script implements AutoCloseable {
  private static final int BYTES = 1 << 18;
  private static final long GPA = 0x1000_0000L;
  private static final long UVA = 0x7f00_0000_0000L;
  private static final long FEATURES = 1L << 32 | 1L << 30;
  private static final int MOST_WORDS = 40;
  private static final int MESSAGE = 63;
  private static final int LITERAL = 255;

  /// Words that conversations are made of.
  private static final long[] WORDS = {
    0,
    1,
    1L << 32,
    64L << 32,
    GPA,
    UVA,
    BYTES,
    UVA + 4096,
    UVA + 8192,
    FEATURES,
    FEATURES | 1L << 34,
    FEATURES | 1L << 26 | 1L << 29,
    FEATURES | 1L << 35 | 1L << 28,
    Negotiation.PROTOCOL_FEATURES,
    -1,
    4096,
    GPA + 16384,
    64 | 1L << 32 | 1L << 48,
    64 | 2L << 32,
    GPA + 32768,
    1L << 32 | 1,
    64L << 16 | 1,
    0x8000_8000_0000_0000L,
    256,
  };

  private final UnixSocket socket;
  private final byte[] script;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment message = arena.allocate(Payload.HEADER + 8L * MOST_WORDS, 8);
  private final SharedMemory memory;
  private final EventFd event;
  private final UnixSocket[] channel;
  private int at;

  Script(UnixSocket socket, byte[] script) throws IOException {
    this.socket = socket;
    this.script = script;
    this.memory = SharedMemory.create("fuzz", BYTES);
    this.event = EventFd.create();
    this.channel = UnixSocket.pair();
  }

  private int next() {
    return at < script.length ? script[at++] & 0xff : 0;
  }

  private long word() {
    int kind = next();
    if (kind < WORDS.length) {
      return WORDS[kind];
    }
    if (kind != LITERAL) {
      return kind;
    }
    long value = 0;
    for (int i = 0; i < Long.BYTES; i++) {
      value |= (long) next() << (8 * i);
    }
    return value;
  }

  /// Plays on up to the next message.
  ///
  /// @return false at the end of the script, or when nobody reads it
  boolean step() {
    while (at < script.length) {
      int what = next();
      if (what <= MESSAGE) {
        return send(what);
      }
      long place = (next() | next() << 8) * 8L % BYTES;
      Payload.putLong(memory.segment(), place, word());
      event.signal();
    }
    return false;
  }

  private boolean send(int request) {
    int with = next();
    List<Fd> fds = new ArrayList<>();
    for (int i = 0; i < (with & 7); i++) {
      fds.add(descriptor(with >>> 3 & 7));
    }
    int words = next() % (MOST_WORDS + 1);
    Payload.putInt(message, 0, request);
    Payload.putInt(message, 4, Payload.VERSION | ((with & 64) != 0 ? Payload.NEED_REPLY : 0));
    int size = words * Long.BYTES;
    for (int i = 0; i < words; i++) {
      Payload.putLong(message, Payload.HEADER + (long) i * Long.BYTES, word());
    }
    Payload.putInt(message, 8, size);
    return socket.send(message, 0, Payload.HEADER + size, fds) > 0;
  }

  private Fd descriptor(int kind) {
    return switch (kind) {
      case 0, 1, 2 -> memory.fd();
      case 3, 4, 5 -> event.fd();
      default -> channel[kind & 1].fd();
    };
  }

  @Override
  public void close() {
    socket.close();
    memory.close();
    event.close();
    channel[0].close();
    channel[1].close();
    arena.close();
  }
}
