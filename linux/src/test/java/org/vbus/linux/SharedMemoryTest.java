package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

final class SharedMemoryTest {
  @Test
  void aRegionStartsAsZeroesAndHasTheAskedSize() throws Exception {
    try (SharedMemory memory = SharedMemory.create("vbus-test", 5000)) {
      MemorySegment segment = memory.segment();
      assertThat(segment.byteSize()).isEqualTo(5000);
      assertThat(segment.toArray(JAVA_BYTE)).containsOnly(0);
      assertThat(segment.address() % 4096).isZero();
    }
  }

  @Test
  void twoMappingsShowTheSameBytes() throws Exception {
    try (SharedMemory memory = SharedMemory.create("vbus-test", 3 * 4096);
        Arena arena = Arena.ofShared()) {
      MemorySegment second = SharedMemory.map(memory.fd(), 4096, 2 * 4096, arena);
      assertThat(second.address()).isNotEqualTo(memory.segment().address() + 4096);
      memory.segment().set(JAVA_LONG, 4096 + 8, 42);
      assertThat(second.get(JAVA_LONG, 8)).isEqualTo(42);
      second.set(JAVA_LONG, 16, 43);
      assertThat(memory.segment().get(JAVA_LONG, 4096 + 16)).isEqualTo(43);
    }
  }

  @Test
  void aMappingOutlivesItsRegionAndEndsWithItsArena() throws Exception {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment mapping;
      try (SharedMemory memory = SharedMemory.create("vbus-outlive", 4096)) {
        memory.segment().set(JAVA_LONG, 0, 7);
        mapping = SharedMemory.map(memory.fd(), 0, 4096, arena);
      }
      assertThat(mapping.get(JAVA_LONG, 0)).isEqualTo(7);
      assertThat(mappings("vbus-outlive")).isEqualTo(1);
    }
    assertThat(mappings("vbus-outlive")).isZero();
  }

  @Test
  void useAfterCloseThrowsInsteadOfCrashing() throws Exception {
    SharedMemory memory = SharedMemory.create("vbus-test", 4096);
    MemorySegment segment = memory.segment();
    memory.close();
    memory.close();
    assertThatThrownBy(() -> segment.get(JAVA_LONG, 0)).isInstanceOf(IllegalStateException.class);
  }

  @Test
  void theSizeIsSealed() throws Exception {
    try (SharedMemory memory = SharedMemory.create("vbus-test", 8192)) {
      assertThat(LibC.ftruncate(memory.fd().number(), 4096)).isEqualTo(-Errno.EPERM);
      assertThat(LibC.ftruncate(memory.fd().number(), 16384)).isEqualTo(-Errno.EPERM);
    }
  }

  @Test
  void failuresAreOneLine() throws Exception {
    assertThatThrownBy(() -> SharedMemory.create("vbus-test", 0))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> SharedMemory.create("vbus-test", Long.MAX_VALUE))
        .isInstanceOf(SystemCallException.class)
        .hasMessageStartingWith("shared memory vbus-test of 9223372036854775807 bytes: E");
    try (SharedMemory memory = SharedMemory.create("vbus-test", 4096);
        Arena arena = Arena.ofConfined()) {
      assertThatThrownBy(() -> SharedMemory.map(memory.fd(), 1, 4096, arena))
          .isInstanceOf(SystemCallException.class)
          .hasMessageContaining("EINVAL: invalid argument (mmap)");
    }
  }

  private static long mappings(String name) throws Exception {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains("memfd:" + name)).count();
    }
  }
}
