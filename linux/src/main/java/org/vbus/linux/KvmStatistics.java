package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// The kernel's own counters of a machine or a vCPU: exits by kind, injected interrupts, emulated
/// instructions. Which there are depends on the kernel; one that cannot tell
/// ([KvmCapability#BINARY_STATS_FD]) has none. Histograms are left out.
///
/// Any thread may ask. Belongs to the [KvmMachine] or [KvmVcpu] it came from and ends with it.
/// Source: `struct kvm_stats_header` and `struct kvm_stats_desc` of `linux/kvm.h`.
public final class KvmStatistics {
  private static final long KVM_GET_STATS_FD = 0xaece;

  // struct kvm_stats_header: u32 flags, name_size, num_desc, id_offset, desc_offset, data_offset
  private static final long NAME_SIZE = 4;
  private static final long DESCRIPTORS = 8;
  private static final long DESCRIPTORS_OFFSET = 16;
  private static final long DATA_OFFSET = 20;
  private static final long HEADER_BYTES = 24;

  // struct kvm_stats_desc: u32 flags, s16 exponent, u16 size, u32 offset, bucket_size, char name[]
  private static final long SIZE = 6;
  private static final long OFFSET = 8;
  private static final long NAME = 16;

  private final Fd fd;
  private final long position;
  private final List<String> names;
  private final long[] offsets;
  private final MemorySegment data;

  /// @param position of the values in the file
  /// @param names of the values
  /// @param offsets where each value lies behind `position`
  private KvmStatistics(Fd fd, long position, List<String> names, List<Long> offsets) {
    this.fd = fd;
    this.position = position;
    this.names = List.copyOf(names);
    this.offsets = offsets.stream().mapToLong(Long::longValue).toArray();
    long end = 0;
    for (long offset : this.offsets) {
      end = Math.max(end, offset + Long.BYTES);
    }
    data = Arena.ofAuto().allocate(end, Long.BYTES);
  }

  /// Those of a machine or vCPU.
  static KvmStatistics of(String what, Fd owner) throws SystemCallException {
    int number = owner.ioctl(KVM_GET_STATS_FD, 0);
    if (number == -Errno.ENOTTY) {
      Fd none = new Fd(-1);
      return new KvmStatistics(none, 0, List.of(), List.of());
    }
    Fd fd = new Fd(SystemCallException.check(what, "KVM_GET_STATS_FD", number));
    try (Arena arena = Arena.ofConfined()) {
      return parse(what, fd, arena);
    } catch (SystemCallException | RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  private static KvmStatistics parse(String what, Fd fd, Arena arena) throws SystemCallException {
    MemorySegment header = arena.allocate(HEADER_BYTES, Long.BYTES);
    read(what, fd, header, 0);
    long step = NAME + header.get(JAVA_INT, NAME_SIZE);
    int count = header.get(JAVA_INT, DESCRIPTORS);
    MemorySegment descriptors = arena.allocate(step * count, Long.BYTES);
    read(what, fd, descriptors, header.get(JAVA_INT, DESCRIPTORS_OFFSET));
    List<String> names = new ArrayList<>();
    List<Long> offsets = new ArrayList<>();
    for (long at = 0; at < descriptors.byteSize(); at += step) {
      if (descriptors.get(JAVA_SHORT, at + SIZE) == 1) {
        names.add(descriptors.getString(at + NAME));
        offsets.add((long) descriptors.get(JAVA_INT, at + OFFSET));
      }
    }
    return new KvmStatistics(fd, header.get(JAVA_INT, DATA_OFFSET), names, offsets);
  }

  private static void read(String what, Fd fd, MemorySegment to, long from)
      throws SystemCallException {
    int n = SystemCallException.check(what, "read", LibC.pread(fd.number(), to, from));
    if (n != to.byteSize()) {
      throw new SystemCallException(
          what, "read", Errno.EIO, "The statistics end after %d bytes".formatted(from + n));
    }
  }

  /// What is counted, in the order of [#snapshot(long...)]; empty where the kernel cannot tell.
  public List<String> names() {
    return names;
  }

  /// Reads all values at once, without allocation.
  ///
  /// @param values of [#names()], in that order; at least as long
  /// @return how many there are, or a negative [Errno]
  public synchronized int snapshot(long[] values) {
    if (offsets.length == 0) {
      return 0;
    }
    if (!fd.enter()) {
      return -Errno.EBADF;
    }
    try {
      int n = LibC.pread(fd.number(), data, position);
      if (n < data.byteSize()) {
        return n < 0 ? n : -Errno.EIO;
      }
    } finally {
      fd.leave();
    }
    for (int i = 0; i < offsets.length; i++) {
      values[i] = data.get(JAVA_LONG, offsets[i]);
    }
    return offsets.length;
  }

  /// The value now, or -1 where this kernel does not count it.
  public long get(String name) {
    int index = names.indexOf(name);
    long[] values = new long[offsets.length];
    return index < 0 || snapshot(values) < 0 ? -1 : values[index];
  }

  void close() {
    fd.close();
  }
}
