package org.vbus.linux;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// An anonymous region of memory that can be shared through its descriptor (memfd_create(2)): guest
/// memory, a ring. It starts as zeroes and its size is sealed, so that no holder of the descriptor
/// can shrink it under the others, whose next access would otherwise end the process.
///
/// The segment may be used by any thread. [#close()] unmaps it and fails, changing nothing, while a
/// native call uses it; any later access throws.
@SuppressWarnings("restricted")
public final class SharedMemory implements AutoCloseable {
  private static final int MFD_CLOEXEC = 1;
  private static final int MFD_ALLOW_SEALING = 2;
  private static final int F_ADD_SEALS = 1033;
  private static final int SEAL_SHRINK_GROW_SEAL = 0x2 | 0x4 | 0x1;

  private final Fd fd;
  private final Arena arena;
  private final MemorySegment segment;

  private SharedMemory(Fd fd, Arena arena, MemorySegment segment) {
    this.fd = fd;
    this.arena = arena;
    this.segment = segment;
  }

  /// A new region, mapped readable and writable.
  ///
  /// @param name for people: shown in /proc/PID/maps
  /// @param size bytes
  public static SharedMemory create(String name, long size) throws SystemCallException {
    if (size < 1) {
      throw new IllegalArgumentException("size " + size + " is not positive");
    }
    Linux.require();
    String what = "shared memory " + name + " of " + size + " bytes";
    Fd fd = new Fd(SystemCallException.check(what, "memfd_create", memfd(name)));
    try {
      int _ = SystemCallException.check(what, "ftruncate", LibC.ftruncate(fd.number(), size));
      int _ =
          SystemCallException.check(
              what, "F_ADD_SEALS", LibC.fcntl(fd.number(), F_ADD_SEALS, SEAL_SHRINK_GROW_SEAL));
      Arena arena = Arena.ofShared();
      return new SharedMemory(fd, arena, map(what, fd, 0, size, arena));
    } catch (SystemCallException e) {
      fd.close();
      throw e;
    }
  }

  /// Maps a range of a region, readable and writable.
  ///
  /// @param offset bytes, a multiple of the page size
  /// @param arena unmaps when it closes; must be closeable by the kind of thread that will use it
  public static MemorySegment map(Fd fd, long offset, long size, Arena arena)
      throws SystemCallException {
    return map("mapping of " + fd, fd, offset, size, arena);
  }

  static MemorySegment map(String what, Fd fd, long offset, long size, Arena arena)
      throws SystemCallException {
    long address = LibC.mmap(size, LibC.PROT_READ_WRITE, LibC.MAP_SHARED, fd.number(), offset);
    if (address < 0) {
      throw new SystemCallException(what, "mmap", (int) -address);
    }
    try {
      return MemorySegment.ofAddress(address)
          .reinterpret(size, arena, mapping -> unmap(mapping.address(), size));
    } catch (RuntimeException e) {
      unmap(address, size);
      throw e;
    }
  }

  private static int memfd(String name) {
    try (Arena arena = Arena.ofConfined()) {
      return LibC.memfdCreate(arena.allocateFrom(name), MFD_CLOEXEC | MFD_ALLOW_SEALING);
    }
  }

  private static void unmap(long address, long size) {
    int _ = LibC.munmap(address, size);
  }

  /// The whole region, until this is closed.
  public MemorySegment segment() {
    return segment;
  }

  /// To hand the region to somebody else.
  public Fd fd() {
    return fd;
  }

  @Override
  public void close() {
    if (arena.scope().isAlive()) {
      arena.close();
    }
    fd.close();
  }
}
