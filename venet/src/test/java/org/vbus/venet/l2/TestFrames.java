package org.vbus.venet.l2;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;

/// Frames and ports for tests.
public final class TestFrames {
  private TestFrames() {}

  /// A frame of `length` bytes in one piece of native memory, the payload counting up from 0.
  public static Frame frame(long destination, long source, int length) {
    Frame frame = new Frame(1);
    frame.add(memory(destination, source, length), 0, length);
    return frame;
  }

  static MemorySegment memory(long destination, long source, int length) {
    MemorySegment memory = Arena.ofAuto().allocate(Math.max(length, Frame.HEADER_LENGTH));
    for (int i = Frame.HEADER_LENGTH; i < length; i++) {
      memory.set(ValueLayout.JAVA_BYTE, i, (byte) (i - Frame.HEADER_LENGTH));
    }
    setAddresses(memory, destination, source);
    memory.set(ValueLayout.JAVA_BYTE, 12, (byte) 0x88);
    memory.set(ValueLayout.JAVA_BYTE, 13, (byte) 0xB5);
    return memory;
  }

  static void setAddresses(MemorySegment memory, long destination, long source) {
    for (int i = 0; i < 6; i++) {
      memory.set(ValueLayout.JAVA_BYTE, i, (byte) (destination >>> (40 - 8 * i)));
      memory.set(ValueLayout.JAVA_BYTE, 6 + i, (byte) (source >>> (40 - 8 * i)));
    }
  }

  public static byte[] bytes(Frame frame) {
    byte[] bytes = new byte[frame.length()];
    frame.copyTo(MemorySegment.ofArray(bytes), 0);
    return bytes;
  }

  /// A port that keeps what it gets.
  static class Station implements Port {
    final List<byte[]> received = new ArrayList<>();
    Delivery answer = Delivery.DELIVERED;

    @Override
    public Delivery deliver(Frame frame) {
      if (answer.accepted()) {
        received.add(bytes(frame));
      }
      return answer;
    }
  }
}
