package org.vbus.connector.vhostuser;

import static org.vbus.connector.vhostuser.Payload.*;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import org.vbus.linux.Fd;
import org.vbus.linux.ForeignMemory;
import org.vbus.linux.SharedMemory;

/// Memory in which accounts of what is in flight outlive this process: the back-end makes it, the
/// front-end keeps it and gives it to whoever serves its rings next. One region for each queue.
final class InflightArea implements AutoCloseable {
  private static final int ALIGN = 64;
  private static final long QUEUES = 16;
  private static final long ENTRIES = 18;
  private static final int MOST_ENTRIES = 1 << 15;

  private final ForeignMemory mapping;
  private final int queues;
  private final int entries;

  private InflightArea(ForeignMemory mapping, int queues, int entries) {
    this.mapping = mapping;
    this.queues = queues;
    this.entries = entries;
  }

  private static long stride(int entries, boolean packed) {
    long bytes = packed ? PackedInflight.bytes(entries) : SplitInflight.bytes(entries);
    return (bytes + ALIGN - 1) & -ALIGN;
  }

  /// Answers `GET_INFLIGHT_FD`: makes the memory that the request describes, empty, and writes into
  /// `body` where it is.
  static SharedMemory create(MemorySegment in, MemorySegment body, int most, boolean packed)
      throws ProtocolException {
    int queues = getShort(in, QUEUES);
    int entries = getShort(in, ENTRIES);
    if (queues < 1 || queues > most || entries < 1 || entries > MOST_ENTRIES) {
      throw new ProtocolException(
          "GET_INFLIGHT_FD for %d queues of %d entries".formatted(queues, entries));
    }
    long size = queues * stride(entries, packed);
    MemorySegment.copy(in, 0, body, 0, in.byteSize());
    putLong(body, 0, size);
    putLong(body, Long.BYTES, 0);
    try {
      return SharedMemory.create("inflight", size);
    } catch (IOException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()), e);
    }
  }

  /// The memory that `SET_INFLIGHT_FD` gives; the descriptor stays the caller's.
  static InflightArea of(MemorySegment in, Fd file) throws ProtocolException {
    long size = getLong(in, 0);
    long offset = getLong(in, Long.BYTES);
    int queues = getShort(in, QUEUES);
    int entries = getShort(in, ENTRIES);
    if ((offset & (Long.BYTES - 1)) != 0 || entries < 1 || entries > MOST_ENTRIES) {
      throw new ProtocolException(
          "SET_INFLIGHT_FD for %d queues of %d entries at %d".formatted(queues, entries, offset));
    }
    try {
      return new InflightArea(
          ForeignMemory.map("account of what is in flight", file, offset, size), queues, entries);
    } catch (IOException e) {
      throw new ProtocolException(String.valueOf(e.getMessage()), e);
    }
  }

  /// Entries of a queue's region, 0 when there is none for it.
  int entries(int queue) {
    return queue < queues ? entries : 0;
  }

  /// The region of a queue that has one.
  InflightRegion region(int queue, boolean packed) throws ProtocolException {
    long stride = stride(entries, packed);
    if ((queue + 1) * stride > mapping.segment().byteSize()) {
      throw new ProtocolException(
          "SET_INFLIGHT_FD with %d bytes, too few for queue %d of %d entries"
              .formatted(mapping.segment().byteSize(), queue, entries));
    }
    return new InflightRegion(mapping.segment().asSlice(queue * stride, stride));
  }

  /// The device was reset: nothing is in flight.
  void clear() {
    mapping.segment().fill((byte) 0);
  }

  @Override
  public void close() {
    mapping.close();
  }
}
