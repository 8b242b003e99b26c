package org.vbus.core.ring;

import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.core.memory.WriteLog;

/// Device half of one virtqueue: what the ring formats have in common.
///
/// A device peeks at a chain, then either completes it or holds it for later; completions are
/// staged and published once per burst. Owned by one thread (its poll loop) from [#bind(Burst)] to
/// detachment. Nothing a guest writes makes any method throw: the first lie sets [#fault()], after
/// which [#peek(Chain)] finds nothing until the queue is reset, that is replaced.
///
/// Chains may be completed in any order. Where IN_ORDER was negotiated, a completion waits here for
/// those of the chains taken before it, so a chain that is held for long holds up the others.
public abstract class VirtQueue {
  private final int index;
  private final int size;
  private final GuestMemory memory;
  final Ledger ledger;
  private final BooleanSupplier signal;
  private final FaultListener faults;
  private @Nullable InOrder order;

  /// Region of the previous buffer: nearly always that of the next one.
  private MemoryRegion lastRegion;

  private @Nullable Inflight account;

  /// Chains that are served again; the first `repeated` have been taken, `toRepeat` are left.
  private Inflight.Taken[] repeats = {};

  private int repeated;
  private int toRepeat;

  private final Coalescing coalescing = new Coalescing();
  private @Nullable Burst burst;
  private volatile @Nullable WriteLog log;
  private volatile long usedLog;
  private volatile @Nullable RingFault fault;
  private volatile int faultIndex;

  /// Hears of the first fault of a queue, on the thread that owns the queue.
  public interface FaultListener {
    /// `queue.fault()` and `queue.faultIndex()` say what and where.
    void onFault(VirtQueue queue);
  }

  /// Where the three parts of a queue are, guest-physical, and how many entries it has.
  ///
  /// @param desc descriptor table, or the descriptor ring of a packed queue
  /// @param avail avail ring, or the driver event suppression of a packed queue
  /// @param used used ring, or the device event suppression of a packed queue
  public record Addresses(int size, long desc, long avail, long used) {}

  VirtQueue(
      int index,
      int size,
      GuestMemory memory,
      MemoryRegion first,
      long features,
      Ledger ledger,
      BooleanSupplier signal,
      FaultListener faults) {
    this.index = index;
    this.size = size;
    this.memory = memory;
    this.lastRegion = first;
    this.ledger = ledger;
    this.signal = signal;
    this.faults = faults;
    this.order = Feature.IN_ORDER.in(features) ? new InOrder(this) : null;
  }

  /// The queue at these addresses in the format that was negotiated, or null when a part is
  /// misaligned or not wholly in one region of guest memory (2.7.1, 2.8.11), the size is illegal,
  /// or the position cannot be.
  ///
  /// @param features the negotiated features
  /// @param position where the queue stands: [#freshPosition(long)], or what [#position()] said of
  ///   the queue it continues
  /// @param signal asks for a used buffer notification, on the owning loop; says whether it
  ///   interrupted
  public static @Nullable VirtQueue open(
      int index,
      Addresses at,
      GuestMemory memory,
      long features,
      int position,
      Ledger ledger,
      BooleanSupplier signal,
      FaultListener faults) {
    if (!isLegalSize(at.size(), features)) {
      return null;
    }
    return Feature.RING_PACKED.in(features)
        ? PackedQueue.over(index, at, memory, features, position, ledger, signal, faults)
        : SplitQueue.over(index, at, memory, features, position, ledger, signal, faults);
  }

  /// Whether a queue of the format that these features choose may have `size` entries.
  public static boolean isLegalSize(int size, long features) {
    return Feature.RING_PACKED.in(features)
        ? PackedLayout.isLegalSize(size)
        : SplitLayout.isLegalSize(size);
  }

  /// The [#position()] of a queue that was never used.
  public static int freshPosition(long features) {
    return Feature.RING_PACKED.in(features) ? 0x8000_8000 : 0;
  }

  /// Where a packed queue stands that a device of another process served until it died. Finishes
  /// the burst that it died in. Nobody may serve the queue meanwhile, the driver may go on.
  ///
  /// @param said where it stood at some time, as [#position()] says it
  /// @return that, if the descriptors do not show otherwise
  public static int recover(Addresses at, GuestMemory memory, long features, int said) {
    return PackedRecovery.position(at, memory, features, said);
  }

  /// Where the queue stands, once everything staged is published, in the encoding of the vring base
  /// of vhost-user. Split: next avail index in bits 0 to 15, next used index in bits 16 to 31.
  /// Packed: offset of the next available descriptor in bits 0 to 14 and its wrap counter in bit
  /// 15, the same of the next used descriptor above them.
  ///
  /// Chains that are held lie between the two and are lost to a queue that starts here.
  public abstract int position();

  static @Nullable MemoryRegion part(GuestMemory memory, long gpa, int len, int align) {
    if ((gpa & (align - 1)) != 0) {
      return null;
    }
    MemoryRegion region = memory.find(gpa, len);
    if (region == null || ((region.segment().address() + region.offset(gpa)) & (align - 1)) != 0) {
      return null;
    }
    return region;
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
  public final boolean peek(Chain chain, int ahead) {
    return toRepeat == 0 ? look(chain, ahead) : lookAgain(chain, ahead);
  }

  /// Fills `batch` with the next requests without consuming them, up to the first that is not one
  /// buffer of that direction in the region of the one before.
  ///
  /// @param most how many at most
  /// @param writable whether the device is to write them, or to read them
  /// @return how many; where 0, [#peek(Chain)] tells what is next
  public final int peek(Batch batch, int most, boolean writable) {
    int count = 0;
    // Where somebody keeps account of each chain they go one by one.
    boolean together = account == null && toRepeat == 0 && (order == null || order.isIdle());
    if (together && fault == null) {
      batch.begin(lastRegion, writable);
      count = look(batch, Math.min(most, batch.capacity()));
    }
    batch.count = count;
    return count;
  }

  /// Fills `chain` with the one that many places behind the next in the ring.
  abstract boolean look(Chain chain, int ahead);

  /// Puts up to `most` requests into the batch; how many.
  abstract int look(Batch batch, int most);

  private boolean lookAgain(Chain chain, int ahead) {
    if (ahead >= toRepeat) {
      return look(chain, ahead - toRepeat);
    }
    Inflight.Taken taken = repeats[repeated + ahead];
    chain.clear(taken.head());
    if (fault != null || !walk(chain, taken)) {
      return false;
    }
    chain.descriptors = (int) (taken.descriptors().byteSize() / SplitLayout.DESC_SIZE);
    chain.state = Chain.State.PEEKED;
    return true;
  }

  /// Fills `chain` with one that was taken before.
  abstract boolean walk(Chain chain, Inflight.Taken taken);

  /// Has `with` know of every chain that is taken from now on, and begins with those it knows of.
  /// Before the queue is polled.
  public final void keepAccount(Inflight with) {
    account = with;
    repeatTaken();
  }

  /// Offers the chains on account once more, to a device that has forgotten what it held. While the
  /// queue is not polled.
  public final void repeatTaken() {
    Inflight from = account;
    if (from != null) {
      repeats = from.taken();
      repeated = 0;
      toRepeat = repeats.length;
      order = order == null ? null : new InOrder(this);
    }
  }

  final @Nullable Inflight account() {
    return account;
  }

  /// Before what is staged becomes visible, see [Inflight#publishing(int)].
  final void publishing(int used) {
    if (account != null) {
      account.publishing(used);
    }
  }

  /// Once it is visible.
  final void published() {
    if (account != null) {
      account.published();
    }
  }

  /// Hands the chain back to the guest with `written` bytes in its writable part. Chains that were
  /// not held are completed in the order in which they were peeked.
  public final void complete(Chain chain, int written) {
    if (chain.state != Chain.State.HELD) {
      take(chain);
    }
    chain.state = Chain.State.FREE;
    if (log != null) {
      logBuffers(chain, written);
    }
    if (order == null) {
      giveBack(chain.head, chain.descriptors, written, false);
    } else {
      order.complete(chain, written);
    }
  }

  /// Consumes and hands back the first `count` requests of a batch, the last thing peeked at, with
  /// [Batch#written(int, int)] bytes in each.
  public final void complete(Batch batch, int count) {
    batch.leave(count);
    if (log != null) {
      logBuffers(batch, count);
    }
    if (count > 0) {
      takeAndUse(batch, count);
    }
  }

  /// Moves on behind the requests of the batch, which are the next ones, and stages their used
  /// elements.
  abstract void takeAndUse(Batch batch, int count);

  /// Stages the completion of a chain whose turn it is.
  final void giveBack(int head, int descriptors, int written, boolean whole) {
    if (account != null) {
      account.use(head);
    }
    use(head, descriptors, written, whole);
  }

  /// Tells `to`, or nobody any more, what is written for this queue: buffers when they are
  /// completed, and the ring when it is published. Any thread; once the queue's loop has finished
  /// its pass, all that is written is told.
  ///
  /// @param used what to call the address of the used ring, or of a packed queue's device event
  ///   suppression, whose descriptors are told where they are; -1 not to log the ring
  public final void logWrites(@Nullable WriteLog to, long used) {
    usedLog = used;
    log = to;
  }

  private void logBuffers(Chain chain, int written) {
    WriteLog to = log;
    if (to == null) {
      return;
    }
    int left = written;
    for (int i = chain.readablePieces(); i < chain.pieces() && left > 0; i++) {
      int n = Math.min(left, chain.length(i));
      to.written(memory.gpaOf(chain.segment(i), chain.offset(i)), n);
      left -= n;
    }
  }

  private void logBuffers(Batch batch, int count) {
    WriteLog to = log;
    for (int i = 0; i < count && to != null; i++) {
      if (batch.written(i) > 0) {
        to.written(batch.gpa(i), batch.written(i));
      }
    }
  }

  /// Whether somebody is told of what is written to the ring.
  final boolean logsRing() {
    return log != null && usedLog >= 0;
  }

  /// Tells the log of `len` bytes written at `off` of the ring's part that is the device's.
  final void ringWritten(long off, long len) {
    WriteLog to = log;
    long used = usedLog;
    if (to != null && used >= 0) {
      to.written(used + off, len);
    }
  }

  /// Tells the log of `len` bytes written at `gpa` of a part of the ring that both sides write.
  final void sharedPartWritten(long gpa, long len) {
    WriteLog to = log;
    if (to != null && usedLog >= 0) {
      to.written(gpa, len);
    }
  }

  /// Consumes the chain without completing it: the device keeps it until a later `complete`.
  public final void hold(Chain chain) {
    take(chain);
    chain.state = Chain.State.HELD;
  }

  private void take(Chain chain) {
    if (chain.state != Chain.State.PEEKED) {
      throw new IllegalStateException("chain was not peeked, or completed twice");
    }
    if (toRepeat == 0) {
      consume(chain);
      if (account != null) {
        account.take(chain.head);
      }
    } else {
      repeated++;
      toRepeat--;
    }
    if (order != null) {
      order.taken(chain);
    }
  }

  /// Moves on behind the next chain, which is this one.
  abstract void consume(Chain chain);

  /// Stages a used element, not yet visible.
  ///
  /// @param whole whether nobody needs to be told how much was written, because all was: a later
  ///   element may stand for this one
  abstract void use(int head, int descriptors, int written, boolean whole);

  /// Requests that are visible now and not yet consumed; a lower bound, 0 when broken.
  public final int available() {
    return fault != null ? 0 : toRepeat + unserved();
  }

  /// Those of them that are in the ring.
  abstract int unserved();

  /// Asks the guest for kicks, then looks again.
  ///
  /// @return whether there is a request now, which may have come without a kick
  public final boolean armKicks() {
    return fault == null && (arm() || toRepeat > 0);
  }

  /// Asks for kicks; whether there is something in the ring.
  abstract boolean arm();

  /// Tells the guest that kicks are not needed: the device is polling.
  public abstract void suppressKicks();

  /// Makes staged completions visible; true when the guest asked to be signalled for them.
  abstract boolean publishStaged();

  /// Adds one descriptor's buffer to the chain; false when it broke the queue.
  final boolean piece(Chain chain, long addr, long len, boolean write, int at) {
    MemoryRegion region = lastRegion;
    if (len - 1 >= Integer.MAX_VALUE || len == 0) {
      return broken(len == 0 ? RingFault.ZERO_LENGTH : RingFault.LENGTH_OVERFLOW, at);
    }
    if (!region.contains(addr, len)) {
      return pieces(chain, addr, len, write, at);
    }
    return chain.add(region, addr, (int) len, write) || broken(RingFault.LENGTH_OVERFLOW, at);
  }

  /// Makes the chain what nearly all are, one descriptor whose buffer lies where the previous one
  /// did; false when it is anything else.
  final boolean single(Chain chain, int head, long addr, long len, boolean write) {
    MemoryRegion region = lastRegion;
    if (len - 1 >= Integer.MAX_VALUE || len == 0 || !region.contains(addr, len)) {
      return false;
    }
    chain.single(head, region, addr, (int) len, write);
    return true;
  }

  /// Another region than the last, or a buffer that runs from one region into the next.
  private boolean pieces(Chain chain, long addr, long len, boolean write, int at) {
    long rest = len;
    long gpa = addr;
    while (rest > 0) {
      MemoryRegion region = memory.find(gpa);
      if (region == null) {
        return broken(RingFault.ADDRESS_OUTSIDE_MEMORY, at);
      }
      int take = (int) Math.min(rest, region.reach(gpa));
      if (!chain.add(region, gpa, take, write)) {
        return broken(RingFault.LENGTH_OVERFLOW, at);
      }
      lastRegion = region;
      gpa += take;
      rest -= take;
    }
    return true;
  }

  /// The region that holds an indirect table of `len` bytes, or null when that broke the queue.
  final @Nullable MemoryRegion table(long addr, long len, int at) {
    // Descriptors of both formats have 16 bytes.
    if (len == 0 || len % SplitLayout.DESC_SIZE != 0) {
      breakQueue(RingFault.INDIRECT_BAD_LENGTH, at);
      return null;
    }
    MemoryRegion region = memory.find(addr, len);
    if (region == null) {
      breakQueue(RingFault.ADDRESS_OUTSIDE_MEMORY, at);
    }
    return region;
  }

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

  /// Breaks the queue for what was thrown while it was served. An `InternalError` is how the JVM
  /// tells of memory that is mapped and not there any more.
  ///
  /// @return whether it is our fault
  public final boolean failed(Throwable e) {
    boolean ours = !(e instanceof InternalError);
    breakQueue(ours ? RingFault.DEVICE_ERROR : RingFault.MEMORY_LOST, 0);
    return ours;
  }

  final boolean broken(RingFault why, int at) {
    breakQueue(why, at);
    return false;
  }

  final void staged() {
    Burst owner = burst;
    if (owner == null) {
      throw new IllegalStateException("queue " + index + " is not bound to a burst");
    }
    owner.add(this);
  }

  /// How the notifications of this queue are moderated.
  public final Coalescing coalescing() {
    return coalescing;
  }

  final void publish() {
    boolean moderated = coalescing.active();
    long before = moderated ? ledger.get(Event.IOS) : 0;
    boolean wanted = publishStaged();
    if (moderated) {
      wanted = coalescing.due((int) (ledger.get(Event.IOS) - before), wanted, System.nanoTime());
    }
    if (wanted) {
      signal();
    } else if (!coalescing.owed()) {
      ledger.add(Event.SIGNALS_SUPPRESSED, 1);
    }
  }

  /// Sends the notification that moderation has put off, if its time has come; on the queue's loop.
  public final void signalIfDue() {
    if (coalescing.owed() && fault == null && coalescing.due(System.nanoTime())) {
      signal();
    }
  }

  private void signal() {
    ledger.add(Event.SIGNALS, 1);
    if (!signal.getAsBoolean()) {
      ledger.add(Event.SIGNALS_COALESCED, 1);
    }
  }
}
