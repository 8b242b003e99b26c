package org.vbus.connector.vhostuser;

import java.lang.foreign.MemorySegment;
import org.jspecify.annotations.Nullable;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.ledger.Event;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.loop.Pollable;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.core.ring.SplitLayout;
import org.vbus.core.ring.VirtQueue;
import org.vbus.linux.EventFd;

/// One ring as the front-end has described it, and the queue it becomes.
///
/// ```
///   described: size, addresses, base      started: a kick descriptor, a kick, or polling
///   enabled:   SET_VRING_ENABLE           running = described and started and enabled
/// ```
///
/// A ring that is started and disabled is left alone, as DPDK does: what the driver offers
/// meanwhile is not lost but served when the ring is enabled.
///
/// Control thread, but for [#call()] and what watches the kicks, which are the loop's.
final class Vring {
  /// Keeps the loop of a ring whose driver never kicks from sleeping for long.
  private static final Pollable POLLED =
      new Pollable() {
        @Override
        public int poll(int budget) {
          return 0;
        }

        @Override
        public long idleNanos() {
          return 1_000_000;
        }
      };

  private final VirtioDevice device;
  private final int index;
  private final PollLoop loop;
  private int size;
  private long desc;
  private long avail;
  private long used;
  private boolean logUsed;
  private long usedLog;
  private boolean addressed;
  private int base;
  private boolean baseIsOurs;
  private boolean enabled;
  private boolean started;
  private boolean running;
  private boolean polled;
  private @Nullable EventFd kick;
  private volatile @Nullable EventFd error;
  private volatile @Nullable EventFd call;

  Vring(VirtioDevice device, int index, PollLoop loop) {
    this.device = device;
    this.index = index;
    this.loop = loop;
  }

  int index() {
    return index;
  }

  boolean running() {
    return running;
  }

  void size(int entries) throws ProtocolException {
    mustNotRun("SET_VRING_NUM");
    size = entries;
  }

  /// Where the next start begins, as the front-end encodes it.
  void base(int value) throws ProtocolException {
    mustNotRun("SET_VRING_BASE");
    base = value;
    baseIsOurs = false;
  }

  private void mustNotRun(String request) throws ProtocolException {
    if (running) {
      throw new ProtocolException(request + " for queue " + index + ", which is running");
    }
  }

  /// Sets the addresses, which are the front-end's; whether they are others than before.
  boolean addresses(long descUva, long usedUva, long availUva, boolean log, long usedLogGpa) {
    boolean moved = desc != descUva || used != usedUva || avail != availUva;
    desc = descUva;
    used = usedUva;
    avail = availUva;
    logUsed = log;
    usedLog = usedLogGpa;
    addressed = true;
    return moved;
  }

  /// Where writes to the used ring are logged, -1 where they are not.
  long usedLog() {
    return logUsed ? usedLog : -1;
  }

  void enable(boolean on) {
    enabled = on;
  }

  /// The front-end kicked in a message, or polls: no descriptor is needed.
  void startWithoutKicks() {
    started = true;
  }

  /// Takes over a kick descriptor, null for polling.
  void kick(@Nullable EventFd with) {
    EventFd before = kick;
    if (running) {
      unwatchKicks();
    }
    kick = with;
    polled = with == null;
    started = true;
    if (before != null) {
      before.close();
    }
    if (running) {
      watchKicks();
    }
  }

  /// Takes over a call descriptor, null for none. A driver may have missed a call on the one
  /// before, so a running ring calls at once.
  void call(@Nullable EventFd with) {
    EventFd before = call;
    call = with;
    if (before != null) {
      before.close();
    }
    if (running && with != null) {
      with.signal();
    }
  }

  void error(@Nullable EventFd with) {
    EventFd before = error;
    error = with;
    if (before != null) {
      before.close();
    }
  }

  /// Tells the front-end that the ring is broken; any thread.
  ///
  /// @return whether there is a way to
  boolean signalError() {
    EventFd to = error;
    if (to == null) {
      return false;
    }
    to.signal();
    return true;
  }

  /// Whether everything is there that a running ring needs.
  boolean runnable() {
    return addressed && size > 0 && started && enabled;
  }

  /// Starts the queue where its addresses are in `table` now, with what is in flight by the account
  /// of an earlier back-end.
  ///
  /// @throws ProtocolException when they are not in shared memory, or size or base cannot be
  void start(MemoryTable table, boolean packed, @Nullable InflightArea accounts)
      throws ProtocolException {
    VirtQueue.Addresses at =
        new VirtQueue.Addresses(size, table.gpa(desc), table.gpa(avail), table.gpa(used));
    if (at.desc() < 0 || at.avail() < 0 || at.used() < 0) {
      throw new ProtocolException(
          "queue %d has its rings at 0x%x, 0x%x and 0x%x, outside of shared memory"
              .formatted(index, desc, avail, used));
    }
    if (!start(table, at, packed, accounts)) {
      throw new ProtocolException(
          "queue %d of %d entries at 0x%x, 0x%x, 0x%x from 0x%x cannot be"
              .formatted(index, size, desc, avail, used, base));
    }
    running = true;
    watchKicks();
    EventFd to = call;
    if (to != null) {
      // Used buffers of a back-end before us may have gone unannounced.
      to.signal();
    }
  }

  private boolean start(
      MemoryTable table, VirtQueue.Addresses at, boolean packed, @Nullable InflightArea accounts)
      throws ProtocolException {
    int position = position(table, at, packed);
    int entries = accounts == null ? 0 : accounts.entries(index);
    if (accounts == null || entries == 0) {
      return device.startQueue(index, at, position, null);
    }
    if (size > entries) {
      throw new ProtocolException(
          "queue %d has %d entries, its account of what is in flight %d"
              .formatted(index, size, entries));
    }
    InflightRegion region = accounts.region(index, packed);
    if (packed) {
      MarkedRing ring = MarkedRing.at(at, table.memory());
      if (ring == null) {
        return false;
      }
      PackedInflight account = new PackedInflight(region, entries, size, position, ring);
      return device.startQueue(index, at, account.position(position), account);
    }
    SplitInflight account = new SplitInflight(region, entries, size, position >>> 16);
    return device.startQueue(index, at, account.position(position), account);
  }

  /// From the base on the wire, which for split rings lacks the used index and for packed rings may
  /// lack it: front-ends of 16 bits mean that nothing is in flight. For packed rings it may also be
  /// from the past: a front-end whose back-end died has nobody to ask.
  private int position(MemoryTable table, VirtQueue.Addresses at, boolean packed) {
    if (packed) {
      int said = base >>> 16 != 0 ? base : base | base << 16;
      return baseIsOurs
          ? said
          : VirtQueue.recover(at, table.memory(), device.acceptedFeatures(), said);
    }
    MemoryRegion region = table.memory().find(at.used(), SplitLayout.IDX + 2L);
    if (region == null) {
      return base & 0xffff;
    }
    MemorySegment segment = region.segment();
    int usedIdx =
        segment.get(LittleEndian.SHORT_ANY, region.offset(at.used()) + SplitLayout.IDX) & 0xffff;
    return (base & 0xffff) | usedIdx << 16;
  }

  private void watchKicks() {
    EventFd from = kick;
    if (from != null) {
      loop.waiter()
          .watch(
              from.fd().number(),
              () -> device.ledger(index).add(Event.KICKS, Math.clamp(from.drain(), 0, 1 << 20)));
    } else if (polled) {
      loop.add(POLLED);
    }
  }

  private void unwatchKicks() {
    EventFd from = kick;
    if (from != null) {
      loop.waiter().unwatch(from.fd().number());
    } else if (polled) {
      loop.remove(POLLED);
    }
  }

  /// Stops the queue where it is; it can start again there.
  void pause() {
    if (!running) {
      return;
    }
    running = false;
    unwatchKicks();
    base = device.stopQueue(index);
    baseIsOurs = true;
  }

  /// Stops the ring until it gets another kick descriptor.
  ///
  /// @return where it stands, as the front-end encodes it
  int stop(boolean packed) {
    pause();
    started = false;
    dropKick();
    return packed ? base : base & 0xffff;
  }

  private void dropKick() {
    EventFd from = kick;
    if (from != null) {
      from.close();
      kick = null;
    }
  }

  /// As before the first message, stopped already; the call descriptor stays, and so does the base:
  /// QEMU 7.2 sets the status to 0 before it asks how far the rings came.
  void reset() {
    started = false;
    enabled = false;
    addressed = false;
    size = 0;
    logUsed = false;
    dropKick();
  }

  /// Calls the driver; on the queue's loop.
  ///
  /// @return whether there is a way to
  boolean call() {
    EventFd to = call;
    if (to == null) {
      return false;
    }
    to.signal();
    device.ledger(index).add(Event.INTERRUPTS, 1);
    return true;
  }

  /// Lets go of all descriptors.
  void close() {
    dropKick();
    error(null);
    EventFd to = call;
    call = null;
    if (to != null) {
      to.close();
    }
  }
}
