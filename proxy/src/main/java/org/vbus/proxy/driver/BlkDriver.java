package org.vbus.proxy.driver;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.jspecify.annotations.Nullable;
import org.vbus.core.feature.Feature;
import org.vbus.core.memory.LittleEndian;
import org.vbus.proxy.guest.Driver;
import org.vbus.proxy.guest.Guest;
import org.vbus.proxy.guest.Napi;

/// virtio-blk driver (5.2) that identifies a disk and reads it; it never writes.
///
/// A request is a header, a data buffer and a status byte. Completion handlers run on the guest's
/// processor, from polling.
public final class BlkDriver extends Napi implements Driver {
  /// Device id of a block device (chapter 5).
  public static final int DEVICE_ID = 2;

  /// Bytes of a sector, in which addresses count whatever the block size.
  public static final int SECTOR = 512;

  /// Bytes of what [#identify] reads: text, padded with zeroes where it is shorter.
  public static final int ID_BYTES = 20;

  /// Status of a request that did what it was asked (5.2.6).
  public static final int OK = 0;

  /// Status of a request that the device did not answer as it must; no device sends it.
  public static final int NO_STATUS = 0xff;

  private static final int F_RO = 5;
  private static final int F_BLK_SIZE = 6;

  /// All features this driver understands.
  public static final long UNDERSTOOD =
      1L << F_RO
          | 1L << F_BLK_SIZE
          | Feature.setOf(Feature.VERSION_1, Feature.INDIRECT_DESC, Feature.EVENT_IDX);

  private static final int QUEUE = 0;
  private static final int BUFFERS = 3;

  // Request types, and the header: u32 type, u32 reserved, u64 sector (5.2.6).
  private static final int IN = 0;
  private static final int GET_ID = 8;
  private static final int HEADER = 16;

  /// The status byte follows the header, the data begins here.
  private static final int DATA = 64;

  // Fields of the configuration (5.2.4).
  private static final int CAPACITY = 0;
  private static final int BLK_SIZE = 20;

  private final Guest guest;
  private final VirtioTransport device;
  private final GuestHeap heap;
  private final MemorySegment memory;
  private final long features;
  private final DriverQueue queue;
  private final int depth;
  private final int stride;
  private final long buffers;
  private final int[] freeTokens;
  private final int[] lengths;
  private final @Nullable Completion[] waiting;
  private final long capacity;
  private final int blockSize;
  private final int largest;
  private int free;
  private boolean gone;

  /// Hears how a request went.
  public interface Completion {
    /// The request ended with `status`; where that is [#OK] it has read `len` bytes, which are at
    /// `off` during the call.
    void completed(int status, MemorySegment memory, long off, int len);
  }

  /// Initialises the device.
  ///
  /// @param size entries of the queue, at most what the device allows
  /// @param maxBytes most bytes of one request, at least a sector
  public BlkDriver(Guest guest, VirtioTransport device, int size, int maxBytes) {
    if (maxBytes < SECTOR) {
      throw new IllegalArgumentException("requests of at most " + maxBytes + " bytes");
    }
    this.largest = maxBytes & -SECTOR;
    this.guest = guest;
    this.device = device;
    this.heap = guest.heap();
    this.memory = heap.memory();
    this.features = VirtioInit.negotiate(device, UNDERSTOOD);
    this.capacity = readCapacity();
    this.blockSize = has(F_BLK_SIZE) ? (int) device.config(BLK_SIZE, 4) : SECTOR;
    int entries = Math.min(size, VirtioInit.needQueue(device, QUEUE));
    this.queue = DriverQueue.create(QUEUE, entries, features, BUFFERS, heap, guest.ledger());
    this.depth = Feature.INDIRECT_DESC.in(features) ? entries : entries / BUFFERS;
    this.stride = DATA + ((largest + 63) & -64);
    this.buffers = heap.allocate((long) stride * depth, GuestHeap.GRAIN);
    this.freeTokens = new int[depth];
    this.lengths = new int[depth];
    this.waiting = new @Nullable Completion[depth];
    for (int i = 0; i < depth; i++) {
      freeTokens[i] = i;
    }
    this.free = depth;
    device.enableQueue(QUEUE, queue.addresses(), 1, this::signalled);
    VirtioInit.driverOk(device);
    if (guest.polling()) {
      queue.disableSignals();
      guest.schedule(this);
    }
  }

  /// More than one access, so until two generations agree (2.5.1).
  private long readCapacity() {
    while (true) {
      int before = device.configGeneration();
      long sectors = device.config(CAPACITY, 8);
      if (before == device.configGeneration()) {
        return sectors;
      }
    }
  }

  private boolean has(int bit) {
    return (features & 1L << bit) != 0;
  }

  /// The negotiated features.
  public long features() {
    return features;
  }

  /// Size of the disk in sectors.
  public long capacity() {
    return capacity;
  }

  /// Bytes of a block, in multiples of which it likes to be used.
  public int blockSize() {
    return blockSize;
  }

  /// Whether it refuses writes.
  public boolean readOnly() {
    return has(F_RO);
  }

  /// Most bytes of one request.
  public int largest() {
    return largest;
  }

  /// Requests that can be submitted now.
  public int free() {
    return free;
  }

  /// Asks for the disk's name, [#ID_BYTES] bytes; visible to the device at once.
  ///
  /// @return false when there is no room
  public boolean identify(Completion completion) {
    return submit(GET_ID, 0, ID_BYTES, completion);
  }

  /// Reads `bytes` bytes from `sector` on; visible to the device at once.
  ///
  /// @param bytes a multiple of a sector, at most [#largest()]
  /// @return false when there is no room
  public boolean read(long sector, int bytes, Completion completion) {
    if (bytes < SECTOR || bytes > largest || bytes % SECTOR != 0) {
      throw new IllegalArgumentException("a read of " + bytes + " bytes, at most " + largest);
    }
    return submit(IN, sector, bytes, completion);
  }

  private boolean submit(int type, long sector, int bytes, Completion completion) {
    if (gone || free == 0) {
      return false;
    }
    int token = freeTokens[--free];
    waiting[token] = completion;
    lengths[token] = bytes;
    long at = at(token);
    memory.set(LittleEndian.INT, at, type);
    memory.set(LittleEndian.INT, at + 4, 0);
    memory.set(LittleEndian.LONG, at + 8, sector);
    memory.set(ValueLayout.JAVA_BYTE, at + HEADER, (byte) NO_STATUS);
    queue.begin();
    queue.out(heap.gpa(at), HEADER);
    queue.in(heap.gpa(at + DATA), bytes);
    queue.in(heap.gpa(at + HEADER), 1);
    queue.commit(token);
    if (queue.publish()) {
      device.kick(QUEUE);
    }
    return true;
  }

  private long at(int token) {
    return buffers + (long) token * stride;
  }

  private void signalled() {
    queue.disableSignals();
    guest.schedule(this);
  }

  @Override
  protected int poll(int budget) {
    int done = 0;
    while (done < budget && !gone) {
      int token = queue.nextUsed();
      if (token < 0) {
        break;
      }
      complete(token, queue.usedLength());
      done++;
    }
    return done;
  }

  private void complete(int token, int written) {
    long at = at(token);
    int bytes = lengths[token];
    // The status comes after the data; what lies beyond the used length was not written (2.7.8.3).
    int status =
        written > bytes ? memory.get(ValueLayout.JAVA_BYTE, at + HEADER) & 0xff : NO_STATUS;
    Completion completion = waiting[token];
    waiting[token] = null;
    if (completion != null) {
      completion.completed(status, memory, at + DATA, bytes);
    }
    freeTokens[free++] = token;
  }

  @Override
  protected boolean complete() {
    return !gone && queue.enableSignals();
  }

  @Override
  public void remove() {
    gone = true;
    guest.unschedule(this);
    VirtioInit.reset(device);
    device.release();
    queue.release();
    heap.release(buffers, (long) stride * depth);
  }
}
