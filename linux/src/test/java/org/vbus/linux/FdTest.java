package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class FdTest {
  @TempDir Path directory;

  private Fd openFile(String content) throws IOException {
    Path file = Files.writeString(directory.resolve("file"), content);
    return new Fd(SystemCallException.check("file", "open", Fd.open(file, LibC.O_RDWR)));
  }

  @Test
  void onlyTheNamedRangeIsRead() throws Exception {
    try (Fd fd = openFile("abcdef");
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(8);
      assertThat(fd.read(buffer, 2, 4)).isEqualTo(4);
      assertThat(bytes(buffer)).isEqualTo("\0\0abcd\0\0");
      assertThat(fd.read(buffer, 0, 8)).isEqualTo(2);
      assertThat(fd.read(buffer, 0, 8)).as("end of file").isZero();
    }
  }

  @Test
  void onlyTheNamedRangeIsWritten() throws Exception {
    try (Fd fd = openFile("");
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocateFrom("0123456789").asReadOnly();
      assertThat(fd.write(buffer, 3, 4)).isEqualTo(4);
      assertThat(directory.resolve("file")).hasContent("3456");
    }
  }

  @Test
  void rangesOutsideTheBufferAreRefused() throws Exception {
    try (Fd fd = openFile("abcdef");
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(8);
      long[][] ranges = {{-1, 1}, {0, -1}, {8, 1}, {1, 8}, {Long.MAX_VALUE, 1}, {9, 0}};
      for (long[] range : ranges) {
        assertThatThrownBy(() -> fd.read(buffer, range[0], (int) range[1]))
            .isInstanceOf(IndexOutOfBoundsException.class);
        assertThatThrownBy(() -> fd.write(buffer, range[0], (int) range[1]))
            .isInstanceOf(IndexOutOfBoundsException.class);
      }
      assertThat(bytes(buffer)).isEqualTo("\0".repeat(8));
    }
  }

  @Test
  void memoryTheKernelMustNotTouchIsRefused() throws Exception {
    try (Fd fd = openFile("abcdef")) {
      Arena closed = Arena.ofShared();
      MemorySegment gone = closed.allocate(8);
      closed.close();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment readOnly = arena.allocate(8).asReadOnly();
        assertThatThrownBy(() -> fd.read(readOnly, 0, 8))
            .isInstanceOf(IllegalArgumentException.class);
      }
      assertThatThrownBy(() -> fd.read(gone, 0, 8)).isInstanceOf(IllegalStateException.class);
      assertThatThrownBy(() -> fd.read(MemorySegment.ofArray(new byte[8]), 0, 8))
          .isInstanceOf(IllegalArgumentException.class);
      assertThatThrownBy(() -> fd.write(MemorySegment.ofArray(new byte[8]), 0, 8))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void aConfinedBufferIsRefusedOnAnotherThread() throws Exception {
    try (Fd fd = openFile("abcdef");
        Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(8);
      Throwable[] thrown = new Throwable[1];
      Thread thread =
          Thread.ofPlatform()
              .start(() -> {
                try {
                  int _ = fd.read(buffer, 0, 8);
                } catch (WrongThreadException e) {
                  thrown[0] = e;
                }
              });
      thread.join();
      assertThat(thrown[0]).isInstanceOf(WrongThreadException.class);
    }
  }

  @Test
  void aClosedDescriptorAnswersEbadfAndClosesOnce() throws Exception {
    Fd fd = openFile("abcdef");
    int number = fd.number();
    fd.close();
    assertThat(fd.number()).isEqualTo(-1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment buffer = arena.allocate(8);
      assertThat(fd.read(buffer, 0, 8)).isEqualTo(-Errno.EBADF);
      assertThat(fd.write(buffer, 0, 8)).isEqualTo(-Errno.EBADF);
      try (Fd next = openFile("xyz")) {
        assertThat(next.number()).as("the number is reused").isEqualTo(number);
        fd.close();
        assertThat(next.read(buffer, 0, 8)).as("and still open").isEqualTo(3);
      }
    }
  }

  @Test
  void aCallInFlightKeepsTheNumberFromBeingReused() throws Exception {
    Fd fd = openFile("abcdef");
    int number = fd.number();
    assertThat(fd.enter()).isTrue();
    fd.close();
    assertThat(fd.enter()).as("no new call enters").isFalse();
    try (Fd other = openFile("xyz")) {
      assertThat(other.number()).isNotEqualTo(number);
    }
    fd.leave();
    try (Fd other = openFile("xyz")) {
      assertThat(other.number()).isEqualTo(number);
    }
  }

  private static String bytes(MemorySegment buffer) {
    return new String(buffer.toArray(ValueLayout.JAVA_BYTE), StandardCharsets.ISO_8859_1);
  }
}
