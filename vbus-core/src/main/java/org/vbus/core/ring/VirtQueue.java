package org.vbus.core.ring;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Ledger;

/// Device half of one virtqueue: what the ring formats have in common.
///
/// A device peeks at a chain, then either completes it or holds it for later; completions are
/// staged and published once per burst. Owned by one thread (its poll loop) from [#bind(Burst)] to
/// detachment. Nothing a guest writes makes any method throw: the first lie sets [#fault()], after
/// which [#peek(Chain)] finds nothing until the queue is reset, that is replaced.
public abstract class VirtQueue {
  private final int index;
  private final int size;
  final Ledger ledger;
  private final BooleanSupplier signal;
  private final FaultListener faults;
  private @Nullable Burst burst;
  private volatile @Nullable RingFault fault;
  private volatile int faultIndex;

  /// Hears of the first fault of a queue, on the thread that owns the queue.
  public interface FaultListener {
    /// `queue.fault()` and `queue.faultIndex()` say what and where.
    void onFault(VirtQueue queue);
  }

  VirtQueue(int index, int size, Ledger ledger, BooleanSupplier signal, FaultListener faults) {
    this.index = index;
    this.size = size;
    this.ledger = ledger;
    this.signal = signal;
    this.faults = faults;
  }

  /// Number of the queue in its device.
  public final int index() {
    return index;
  }

  /// Entries of the ring.
  public final int size() {
    return size;
  }

  /// Says which burst collects this queue's completions; called by the loop that takes the queue
  /// over.
  public final void bind(Burst owner) {
    burst = owner;
  }

  /// Fills `chain` with the next request without consuming it.
  ///
  /// @return false when there is none, or the queue is broken ([#fault()] tells which)
  public final boolean peek(Chain chain) {
    return peek(chain, 0);
  }

  /// Fills `chain` with the request `ahead` places behind the next one; what a device needs that
  /// spreads one item over several chains. Chains so seen are consumed in order.
  public abstract boolean peek(Chain chain, int ahead);

  /// Hands the chain back to the guest with `written` bytes in its writable part. Chains that were
  /// not held are completed in the order in which they were peeked.
  public abstract void complete(Chain chain, int written);

  /// Consumes the chain without completing it: the device keeps it until a later `complete`.
  public abstract void hold(Chain chain);

  /// Requests that are visible now and not yet consumed; a lower bound, 0 when broken.
  public abstract int available();

  /// Asks the guest for kicks, then looks again.
  ///
  /// @return whether there is a request now, which may have come without a kick
  public abstract boolean armKicks();

  /// Tells the guest that kicks are not needed: the device is polling.
  public abstract void suppressKicks();

  /// Makes staged completions visible; true when the guest asked to be signalled for them.
  abstract boolean publishStaged();

  /// Counters of this queue's crossings.
  public final Ledger ledger() {
    return ledger;
  }

  /// Why the queue is broken, or null. Any thread.
  public final @Nullable RingFault fault() {
    return fault;
  }

  /// The index the fault was found at: a descriptor, or an avail index for faults of the avail
  /// ring.
  public final int faultIndex() {
    return faultIndex;
  }

  /// Breaks the queue: no further request is taken from it. Only the first fault is kept.
  public final void breakQueue(RingFault why, int at) {
    if (fault == null) {
      faultIndex = at;
      fault = why;
      faults.onFault(this);
    }
  }

  final void staged() {
    Burst owner = burst;
    if (owner == null) {
      throw new IllegalStateException("queue " + index + " is not bound to a burst");
    }
    owner.add(this);
  }

  final void publish() {
    if (publishStaged()) {
      ledger.add(Event.SIGNALS, 1);
      if (!signal.getAsBoolean()) {
        ledger.add(Event.SIGNALS_COALESCED, 1);
      }
    } else {
      ledger.add(Event.SIGNALS_SUPPRESSED, 1);
    }
  }
}
