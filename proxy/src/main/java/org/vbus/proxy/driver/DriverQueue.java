package org.vbus.proxy.driver;

import java.lang.foreign.MemorySegment;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.VirtQueue;

/// Driver half of a virtqueue of either format (2.7, 2.8): offers chains, reclaims used ones.
///
/// A chain is built with [#begin()], [#out], [#in] and [#commit(int)]; several commits become
/// visible at once with [#publish()]. The driver's name for a chain is a small number of its
/// choice, the token, which comes back from [#nextUsed()]. Used by the guest's thread only.
public abstract class DriverQueue {
  static final int NONE = -1;

  /// Bytes of a descriptor of either format.
  private static final int DESC_SIZE = 16;

  /// Flag of a descriptor of either format: device-writable.
  private static final int F_WRITE = 2;

  private final int index;
  final int size;
  final boolean eventIdx;
  final boolean inOrder;

  /// Descriptors per indirect table, 0 when all are in the ring.
  final int indirectEntries;

  final GuestHeap heap;
  final MemorySegment memory;
  final Ledger ledger;
  private final long tables;

  /// Free descriptors of the ring.
  int free;

  int usedLength;

  // The chain being built: buffers so far, and bytes of the device-writable ones.
  int built;
  int writable;
  private boolean writing;

  // The used element that stands for chains up to this one, and the length it tells; IN_ORDER only.
  int batchEnd = NONE;
  int batchLength;

  DriverQueue(
      int index, int size, long features, int indirectEntries, GuestHeap heap, Ledger ledger) {
    this.index = index;
    this.size = size;
    this.eventIdx = Feature.EVENT_IDX.in(features);
    this.inOrder = Feature.IN_ORDER.in(features);
    this.indirectEntries = Feature.INDIRECT_DESC.in(features) ? Math.min(indirectEntries, size) : 0;
    this.heap = heap;
    this.memory = heap.memory();
    this.ledger = ledger;
    this.tables =
        this.indirectEntries == 0
            ? 0
            : heap.allocate((long) size * this.indirectEntries * DESC_SIZE, DESC_SIZE);
  }

  /// Allocates and initialises the rings, in the format that was negotiated.
  ///
  /// @param features the negotiated features
  /// @param indirectEntries descriptors per indirect table, 0 to use the ring's own only
  /// @throws IllegalArgumentException when the format has no queues of that size
  public static DriverQueue create(
      int index, int size, long features, int indirectEntries, GuestHeap heap, Ledger ledger) {
    if (!VirtQueue.isLegalSize(size, features)) {
      throw new IllegalArgumentException("queue size " + size + " is not legal for its format");
    }
    return Feature.RING_PACKED.in(features)
        ? new PackedDriverQueue(index, size, features, indirectEntries, heap, ledger)
        : new SplitDriverQueue(index, size, features, indirectEntries, heap, ledger);
  }

  /// Number of the queue in its device.
  public final int index() {
    return index;
  }

  /// Entries.
  public final int size() {
    return size;
  }

  /// Free descriptors; a chain of n buffers needs n, or 1 with indirect tables.
  public final int free() {
    return free;
  }

  /// Whether no chain is offered that is not reclaimed.
  public final boolean idle() {
    return free == size;
  }

  /// Where the parts are, for the device.
  public abstract VirtQueue.Addresses addresses();

  /// Gives the rings' memory back; the device must have been reset (3.3.1), or the queue
  /// (2.6.1.1.2).
  public void release() {
    if (indirectEntries > 0) {
      heap.release(tables, (long) size * indirectEntries * DESC_SIZE);
    }
  }

  /// Forgets all chains and makes the rings as they were at first; the device, or the queue, must
  /// have been reset.
  public abstract void reset();

  /// Where the indirect table `number` begins.
  final long tableOf(int number) {
    return tables + (long) number * indirectEntries * DESC_SIZE;
  }

  /// Starts a chain; [#free()] says whether there is room.
  public void begin() {
    built = 0;
    writable = 0;
    writing = false;
  }

  /// Appends a device-readable buffer. All of them come before the device-writable ones (2.7.4.2,
  /// 2.8.17).
  ///
  /// @throws IllegalStateException when there is no room, or a device-writable one came before
  public final void out(long gpa, int len) {
    if (writing) {
      throw new IllegalStateException("device-readable buffer after a device-writable one");
    }
    append(gpa, len, 0);
  }

  /// Appends a device-writable buffer.
  ///
  /// @throws IllegalStateException when there is no room
  public final void in(long gpa, int len) {
    writing = true;
    writable += len;
    append(gpa, len, F_WRITE);
  }

  abstract void append(long gpa, int len, int flags);

  final IllegalStateException noRoom() {
    return new IllegalStateException(
        "queue " + index + " has no chain with room for buffer " + built);
  }

  /// Ends the chain, not yet visible.
  ///
  /// @throws IllegalStateException when the chain has no buffer
  public abstract void commit(int token);

  final IllegalStateException emptyChain() {
    return new IllegalStateException("queue " + index + ": commit of an empty chain");
  }

  /// Makes committed chains visible to the device.
  ///
  /// @return whether the device wants a kick for them
  public abstract boolean publish();

  /// Whether used chains are waiting.
  public abstract boolean hasUsed();

  /// Reclaims the next used chain; [#usedLength()] says how much of it was written.
  ///
  /// @return its token, or -1 when there is none
  public abstract int nextUsed();

  final IllegalStateException notOffered(int id) {
    return new IllegalStateException(
        "device returned chain " + id + " of queue " + index + ", which was not offered");
  }

  /// Bytes the device wrote into the chain that [#nextUsed()] returned last; what lies beyond is
  /// not to be looked at (2.7.8.3).
  public final int usedLength() {
    return usedLength;
  }

  /// Asks for no used buffer notifications; one may still come (2.7.7.1).
  public abstract void disableSignals();

  /// Asks for a notification of the next used buffer, then looks again.
  ///
  /// @return whether used chains are there now, for which no notification may come
  public abstract boolean enableSignals();
}
