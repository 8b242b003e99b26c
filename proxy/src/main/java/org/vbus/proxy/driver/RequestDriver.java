package org.vbus.proxy.driver;

import java.lang.foreign.MemorySegment;
import org.vbus.core.feature.Feature;
import org.vbus.proxy.guest.Driver;
import org.vbus.proxy.guest.Guest;
import org.vbus.proxy.guest.Napi;

/// Driver for a device with one queue of requests: each request is one readable and one writable
/// buffer of the same fixed size, and there are as many as the queue holds.
///
/// The completion handler runs on the guest's processor, from polling.
public final class RequestDriver extends Napi implements Driver {
  private final Guest guest;
  private final VirtioTransport device;
  private final GuestHeap heap;
  private final DriverQueue queue;
  private final int bufferSize;
  private final int depth;
  private final int level;
  private final long features;
  private final long buffers;

  /// Tokens not in flight: a queue, `freeCount` of them from `firstFree` on, wrapping.
  private final int[] freeTokens;

  private int firstFree;
  private int freeCount;
  private Completion completion = (token, written) -> {};
  private boolean gone;

  /// Hears of completed requests.
  public interface Completion {
    /// Request `token` came back with `written` bytes.
    void completed(int token, int written);
  }

  /// Initialises the device.
  ///
  /// @param size entries of the queue, at most what the device allows
  /// @param bufferSize bytes of each of the two buffers of a request
  /// @param understood ring features to accept where offered
  public RequestDriver(
      Guest guest, VirtioTransport device, int size, int bufferSize, int level, long understood) {
    this.guest = guest;
    this.device = device;
    this.heap = guest.heap();
    this.bufferSize = bufferSize;
    this.level = level;
    this.features = VirtioInit.negotiate(device, understood | Feature.VERSION_1.mask());
    int entries = Math.min(size, VirtioInit.needQueue(device, 0));
    this.queue = DriverQueue.create(0, entries, features, 2, heap, guest.ledger());
    this.depth = Feature.INDIRECT_DESC.in(features) ? entries : entries / 2;
    this.buffers = heap.allocate(2L * bufferSize * depth, GuestHeap.GRAIN);
    this.freeTokens = new int[depth];
    freeAll();
    device.enableQueue(0, queue.addresses(), level, this::signalled);
    VirtioInit.driverOk(device);
    if (guest.polling()) {
      queue.disableSignals();
      guest.schedule(this);
    }
  }

  private void freeAll() {
    for (int i = 0; i < depth; i++) {
      freeTokens[i] = i;
    }
    firstFree = 0;
    freeCount = depth;
  }

  /// Resets the queue alone and sets it up again (2.6.1). What was in flight is never completed;
  /// all requests are free.
  ///
  /// @throws IllegalStateException when RING_RESET was not negotiated
  public void restartQueue() {
    VirtioInit.resetQueue(device, queue, features);
    freeAll();
    device.enableQueue(0, queue.addresses(), level, this::signalled);
    if (guest.polling()) {
      queue.disableSignals();
    }
  }

  /// The negotiated features.
  public long features() {
    return features;
  }

  /// Most requests in flight.
  public int depth() {
    return depth;
  }

  /// Requests that can be submitted now.
  public int free() {
    return freeCount;
  }

  /// Sets who hears of completions.
  public void onCompletion(Completion handler) {
    completion = handler;
  }

  /// The memory requests and responses lie in.
  public MemorySegment memory() {
    return heap.memory();
  }

  /// Offset of the request buffer of `token` in [#memory()].
  public long request(int token) {
    return buffers + 2L * bufferSize * token;
  }

  /// Offset of the response buffer of `token` in [#memory()].
  public long response(int token) {
    return request(token) + bufferSize;
  }

  /// Takes a free request; fill its buffer, then [#submit(int)].
  ///
  /// @return its token, -1 when all are in flight
  public int take() {
    if (freeCount == 0) {
      return -1;
    }
    int token = freeTokens[firstFree];
    firstFree = firstFree + 1 == depth ? 0 : firstFree + 1;
    freeCount--;
    return token;
  }

  /// Offers a request to the device; visible with [#publish()].
  public void submit(int token) {
    queue.begin();
    queue.out(heap.gpa(request(token)), bufferSize);
    queue.in(heap.gpa(response(token)), bufferSize);
    queue.commit(token);
  }

  /// Makes submitted requests visible and kicks the device if it wants that.
  public void publish() {
    if (queue.publish()) {
      device.kick(0);
    }
  }

  private void free(int token) {
    int at = firstFree + freeCount;
    freeTokens[at < depth ? at : at - depth] = token;
    freeCount++;
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
      free(token);
      completion.completed(token, queue.usedLength());
      done++;
    }
    return done;
  }

  @Override
  protected boolean complete() {
    return queue.enableSignals();
  }

  @Override
  public void remove() {
    gone = true;
    guest.unschedule(this);
    VirtioInit.reset(device);
    device.release();
    queue.release();
    heap.release(buffers, 2L * bufferSize * depth);
  }
}
