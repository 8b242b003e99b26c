package org.vbus.venet.capture;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.WritableByteChannel;
import java.nio.charset.StandardCharsets;
import org.vbus.venet.l2.Direction;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.MacAddress;

/// Formats the blocks of a pcapng section (IETF draft-ietf-opsawg-pcapng) in little-endian order
/// and writes them through a buffer. One thread.
///
/// ```
///   block    type u32 | total length u32 | body | options | total length u32
///   option   code u16 | length u16 | value, padded to 4 bytes
/// ```
///
/// Timestamps are nanoseconds since 1970 (if_tsresol 9), high word first.
final class PcapngWriter {
  /// Bytes buffered before they are written even if nobody flushes.
  private static final int BUFFER_SIZE = 256 * 1024;

  private static final int SECTION_HEADER = 0x0A0D_0D0A;
  private static final int INTERFACE_DESCRIPTION = 1;
  private static final int INTERFACE_STATISTICS = 5;
  private static final int ENHANCED_PACKET = 6;

  private static final int BYTE_ORDER_MAGIC = 0x1A2B_3C4D;
  private static final int LINKTYPE_ETHERNET = 1;
  private static final byte NANOSECONDS = 9;

  private static final int OPT_END = 0;
  private static final int SHB_HARDWARE = 2;
  private static final int SHB_OS = 3;
  private static final int SHB_USERAPPL = 4;
  private static final int IF_NAME = 2;
  private static final int IF_TSRESOL = 9;
  private static final int EPB_FLAGS = 2;
  private static final int ISB_STARTTIME = 2;
  private static final int ISB_ENDTIME = 3;
  private static final int ISB_IFRECV = 4;
  private static final int ISB_IFDROP = 5;
  private static final int ISB_USRDELIV = 8;

  // epb_flags: direction in bits 0-1, reception type in bits 2-4.
  private static final int INBOUND = 1;
  private static final int OUTBOUND = 2;
  private static final int UNICAST = 1 << 2;
  private static final int MULTICAST = 2 << 2;
  private static final int BROADCAST = 3 << 2;

  /// Type, two lengths, five words of body, the flags option and the end of options.
  private static final int PACKET_OVERHEAD = 4 + 2 * 4 + 5 * 4 + 8 + 4;

  /// Most bytes of one name or description; longer ones are cut.
  private static final int MAX_TEXT = 1024;

  /// More than any block without a packet takes.
  private static final int SMALL_BLOCK = 4 * (MAX_TEXT + 8) + 128;

  private final WritableByteChannel channel;
  private final ByteBuffer buffer;
  private final MemorySegment segment;
  private int blockStart;

  PcapngWriter(WritableByteChannel channel, int snaplen) {
    this.channel = channel;
    int size = Math.max(BUFFER_SIZE, snaplen + PACKET_OVERHEAD + 4);
    this.buffer = ByteBuffer.allocateDirect(size).order(ByteOrder.LITTLE_ENDIAN);
    this.segment = MemorySegment.ofBuffer(buffer);
  }

  void section(String hardware, String os, String application) throws IOException {
    begin(SECTION_HEADER, SMALL_BLOCK);
    buffer.putInt(BYTE_ORDER_MAGIC).putShort((short) 1).putShort((short) 0);
    buffer.putLong(-1); // section length: not known
    text(SHB_HARDWARE, hardware);
    text(SHB_OS, os);
    text(SHB_USERAPPL, application);
    end();
  }

  void interfaceDescription(String name, int snaplen) throws IOException {
    begin(INTERFACE_DESCRIPTION, SMALL_BLOCK);
    buffer.putShort((short) LINKTYPE_ETHERNET).putShort((short) 0).putInt(snaplen);
    text(IF_NAME, name);
    option(IF_TSRESOL, 1);
    buffer.put(NANOSECONDS);
    pad();
    end();
  }

  /// @param nanos when, since 1970
  /// @param frame the captured bytes, at most the snaplen of the constructor
  /// @param originalLength bytes that the frame had
  void packet(int interfaceId, long nanos, Direction direction, Frame frame, int originalLength)
      throws IOException {
    int captured = frame.length();
    begin(ENHANCED_PACKET, PACKET_OVERHEAD + captured + 3);
    buffer.putInt(interfaceId);
    timestamp(nanos);
    buffer.putInt(captured).putInt(originalLength);
    frame.copyTo(segment, buffer.position());
    buffer.position(buffer.position() + captured);
    pad();
    option(EPB_FLAGS, Integer.BYTES);
    buffer.putInt(flags(direction, frame));
    end();
  }

  void statistics(int interfaceId, long start, long end, long received, long dropped, long written)
      throws IOException {
    begin(INTERFACE_STATISTICS, SMALL_BLOCK);
    buffer.putInt(interfaceId);
    timestamp(end);
    option(ISB_STARTTIME, Long.BYTES);
    timestamp(start);
    option(ISB_ENDTIME, Long.BYTES);
    timestamp(end);
    counter(ISB_IFRECV, received);
    counter(ISB_IFDROP, dropped);
    counter(ISB_USRDELIV, written);
    end();
  }

  /// Hands everything formatted so far to the channel.
  void flush() throws IOException {
    buffer.flip();
    try {
      while (buffer.hasRemaining()) {
        channel.write(buffer);
      }
    } finally {
      buffer.clear();
    }
  }

  private static int flags(Direction direction, Frame frame) {
    int way = direction == Direction.INGRESS ? INBOUND : OUTBOUND;
    if (frame.length() < Frame.HEADER_LENGTH) {
      return way;
    }
    if (frame.destination() == MacAddress.BROADCAST) {
      return way | BROADCAST;
    }
    return way | (frame.isMulticast() ? MULTICAST : UNICAST);
  }

  private void begin(int type, int atMost) throws IOException {
    if (buffer.remaining() < atMost) {
      flush();
    }
    blockStart = buffer.position();
    buffer.putInt(type).putInt(0);
  }

  private void end() {
    option(OPT_END, 0);
    int total = buffer.position() + Integer.BYTES - blockStart;
    buffer.putInt(total);
    buffer.putInt(blockStart + Integer.BYTES, total);
  }

  private void option(int code, int length) {
    buffer.putShort((short) code).putShort((short) length);
  }

  private void text(int code, String value) {
    byte[] bytes = value.getBytes(StandardCharsets.UTF_8);
    int length = Math.min(bytes.length, MAX_TEXT);
    option(code, length);
    buffer.put(bytes, 0, length);
    pad();
  }

  private void counter(int code, long value) {
    option(code, Long.BYTES);
    buffer.putLong(value);
  }

  private void timestamp(long nanos) {
    buffer.putInt((int) (nanos >>> 32)).putInt((int) nanos);
  }

  private void pad() {
    while ((buffer.position() - blockStart) % 4 != 0) {
      buffer.put((byte) 0);
    }
  }
}
