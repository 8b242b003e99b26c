package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.params.provider.Arguments.arguments;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

final class ForeignMemoryTest {
  private static final long SIZE = 64 << 10;

  @TempDir private Path dir;

  @Test
  void aRangeThatBeginsAnywhereIsMapped() throws IOException {
    try (SharedMemory theirs = SharedMemory.create("guest", SIZE);
        ForeignMemory ours = ForeignMemory.map("region", theirs.fd(), 4100, 5000)) {
      theirs.segment().set(ValueLayout.JAVA_BYTE, 4100, (byte) 7);
      ours.segment().set(ValueLayout.JAVA_BYTE, 4999, (byte) 9);

      assertThat(ours.segment().byteSize()).isEqualTo(5000);
      assertThat(ours.segment().get(ValueLayout.JAVA_BYTE, 0)).isEqualTo((byte) 7);
      assertThat(theirs.segment().get(ValueLayout.JAVA_BYTE, 9099)).isEqualTo((byte) 9);
    }
  }

  static List<Arguments> ranges() {
    return List.of(
        arguments(0, SIZE + 1),
        arguments(SIZE, 1),
        arguments(-1, 10),
        arguments(0, 0),
        arguments(0, -1),
        arguments(Long.MAX_VALUE, 1),
        arguments(Long.MAX_VALUE - 5, 5),
        arguments(1, Long.MAX_VALUE));
  }

  @ParameterizedTest
  @MethodSource("ranges")
  void aRangeOutsideOfTheFileIsRefused(long offset, long size) throws IOException {
    try (SharedMemory theirs = SharedMemory.create("guest", SIZE)) {
      assertThatThrownBy(() -> ForeignMemory.map("region 3", theirs.fd(), offset, size))
          .isInstanceOf(SystemCallException.class)
          .hasMessageContaining("region 3");
    }
  }

  @Test
  void whatIsNoMemoryIsRefused() throws IOException {
    try (EventFd event = EventFd.create()) {
      assertThatThrownBy(() -> ForeignMemory.map("region 0", event.fd(), 0, 4096))
          .isInstanceOf(SystemCallException.class);
    }
  }

  /// The process lives on; whoever touched the memory gets an error.
  @Test
  void aFileThatIsCutShortLaterCostsAnErrorNotTheProcess() throws IOException {
    Path path = dir.resolve("ram");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(SIZE);
      Fd fd = new Fd(SystemCallException.check("ram", "open", Fd.open(path, LibC.O_RDWR)));
      try (fd;
          ForeignMemory memory = ForeignMemory.map("ram", fd, 0, SIZE)) {
        MemorySegment segment = memory.segment();
        segment.set(ValueLayout.JAVA_LONG, SIZE - 8, 1);
        file.setLength(0);
        assertThatThrownBy(() -> touch(segment)).isInstanceOf(InternalError.class);
      }
    }
  }

  @Test
  void aBitIsSetAndNoOtherIsTouched() throws IOException {
    try (SharedMemory theirs = SharedMemory.create("log", SIZE);
        ForeignMemory ours = ForeignMemory.map("log", theirs.fd(), 4, SIZE - 4)) {
      for (int bit = 0; bit < 32; bit++) {
        theirs.segment().set(ValueLayout.JAVA_INT, 4 + 128, 0x10001);
        ours.setBit(128, bit);
        assertThat(theirs.segment().get(ValueLayout.JAVA_INT, 4 + 128))
            .isEqualTo(0x10001 | 1 << bit);
      }
      assertThat(theirs.segment().get(ValueLayout.JAVA_INT, 4 + 124)).isZero();
      assertThat(theirs.segment().get(ValueLayout.JAVA_INT, 4 + 132)).isZero();
    }
  }

  @Test
  void bitsOfOneWordAreSetByManyAtOnce() throws Exception {
    try (SharedMemory theirs = SharedMemory.create("log", 4096);
        ForeignMemory ours = ForeignMemory.map("log", theirs.fd(), 0, 4096)) {
      List<Thread> threads = new ArrayList<>();
      for (int i = 0; i < 4; i++) {
        int first = i;
        threads.add(
            Thread.ofPlatform()
                .start(() -> {
                  for (int word = 0; word < 1024; word++) {
                    for (int bit = first; bit < 32; bit += 4) {
                      ours.setBit(word * 4L, bit);
                    }
                  }
                }));
      }
      for (Thread thread : threads) {
        thread.join();
      }
      assertThat(theirs.segment().toArray(ValueLayout.JAVA_INT)).containsOnly(-1);
    }
  }

  @Test
  void aBitOfAFileThatIsCutShortCostsAnErrorNotTheProcess() throws IOException {
    Path path = dir.resolve("log");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw")) {
      file.setLength(SIZE);
      Fd fd = new Fd(SystemCallException.check("log", "open", Fd.open(path, LibC.O_RDWR)));
      try (fd;
          ForeignMemory memory = ForeignMemory.map("log", fd, 0, SIZE)) {
        memory.setBit(SIZE - 4, 3);
        file.setLength(0);
        assertThatThrownBy(() -> memory.setBit(SIZE - 4, 3)).isInstanceOf(InternalError.class);
      }
    }
  }

  private static long touch(MemorySegment segment) {
    long sum = 0;
    for (int i = 0; i < 100_000; i++) {
      sum += segment.get(ValueLayout.JAVA_LONG, 8L * (i & 1023));
    }
    return sum;
  }
}
