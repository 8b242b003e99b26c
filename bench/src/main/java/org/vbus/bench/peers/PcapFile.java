package org.vbus.bench.peers;

import java.io.BufferedOutputStream;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Files of frames, in the format of libpcap (savefile(5pcap)) and this machine's byte order.
final class PcapFile {
  private static final int MICROSECONDS = 0xa1b2c3d4;
  private static final int NANOSECONDS = 0xa1b23c4d;
  private static final int HEADER = 24;
  private static final int RECORD = 16;
  private static final int ETHERNET = 1;
  private static final int LONGEST = 65535;

  private PcapFile() {}

  /// Writes frames, all of the same moment.
  static void write(Path file, List<byte[]> frames) throws IOException {
    try (OutputStream out = new BufferedOutputStream(Files.newOutputStream(file))) {
      byte[] header = new byte[HEADER];
      ByteBuffer fields = fields(header);
      fields.putInt(0, MICROSECONDS).putShort(4, (short) 2).putShort(6, (short) 4);
      fields.putInt(16, LONGEST).putInt(20, ETHERNET);
      out.write(header);
      byte[] head = new byte[RECORD];
      for (byte[] frame : frames) {
        fields(head).putInt(8, frame.length).putInt(12, frame.length);
        out.write(head);
        out.write(frame);
      }
    }
  }

  /// Reads at most `most` frames; what is cut off at the end is left out.
  ///
  /// @throws IOException when it is no such file
  static List<byte[]> read(Path file, int most) throws IOException {
    List<byte[]> frames = new ArrayList<>();
    try (FileChannel channel = FileChannel.open(file)) {
      ByteBuffer all =
          channel
              .map(FileChannel.MapMode.READ_ONLY, 0, Math.min(channel.size(), Integer.MAX_VALUE))
              .order(ByteOrder.nativeOrder());
      if (all.remaining() < HEADER
          || (all.getInt(0) != MICROSECONDS && all.getInt(0) != NANOSECONDS)) {
        throw new IOException(file + " is not a capture of this machine");
      }
      all.position(HEADER);
      while (frames.size() < most && all.remaining() >= RECORD) {
        int length = all.getInt(all.position() + 8);
        all.position(all.position() + RECORD);
        if (length < 0 || length > all.remaining()) {
          break;
        }
        byte[] frame = new byte[length];
        all.get(frame);
        frames.add(frame);
      }
    }
    return frames;
  }

  private static ByteBuffer fields(byte[] bytes) {
    return ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
  }
}
