package org.vbus.venet.l2;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.security.SecureRandom;
import java.time.Duration;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.ReentrantLock;

/// The filtering database of a bridge (IEEE 802.1Q, 8.8): which port each station was last heard
/// on. Bounded; stations not heard of for the ageing time are treated as absent.
///
/// An 8-way set-associative array: an address hashes to a set of eight slots and is in one of them
/// or nowhere. There are about four slots per address of capacity, so that a set overflows for one
/// address in thousands. The hash is seeded, so that a guest cannot aim at the set of a neighbour.
///
/// ```
///   entries[slot]   63                            16 15             0
///                  +--------------------------------+----------------+
///                  | MAC address                    | port, 1..65535 |      0 = free
///                  +--------------------------------+----------------+
///   ages[slot]     when the station was last heard, in ticks of 2^27 ns (134 ms)
/// ```
///
/// Threads: everything may be called from any thread. [#lookup], [#refresh], moves, expiry and
/// removal take no lock: an entry is one atomic word. Only the insertion of a new address takes
/// one, for the eight loads of a set, so that an address is never entered twice; if another loop
/// holds it, the address is not learned this time and the next frame tries again.
///
/// `nowNanos` is [System#nanoTime] everywhere, or another clock that all callers share. An address
/// that cannot be learned, because the table or its set is full, is counted in [#notLearned].
public final class MacTable {
  /// The answer of [#lookup] for an unknown address; no port has this number.
  public static final int NO_PORT = 0;

  /// The largest port number.
  public static final int MAX_PORT = 0xFFFF;

  private static final int NOT_LEARNED = -1;
  private static final int WAYS = 8;
  private static final int SLOTS_PER_ADDRESS = 4;
  private static final int MIN_SETS = 16;
  private static final int MAX_CAPACITY = 1 << 26;
  private static final int TICK_SHIFT = 27;

  private static final VarHandle ENTRIES =
      MethodHandles.arrayElementVarHandle(long[].class).withInvokeExactBehavior();
  private static final VarHandle AGES =
      MethodHandles.arrayElementVarHandle(int[].class).withInvokeExactBehavior();

  private final long[] entries;
  private final int[] ages;
  private final int setShift;
  private final long seed = new SecureRandom().nextLong();
  private final int capacity;
  private final int ageingTicks;

  private final ReentrantLock insertion = new ReentrantLock();
  private final AtomicInteger size = new AtomicInteger();
  private final AtomicLong moved = new AtomicLong();
  private final AtomicLong notLearned = new AtomicLong();

  /// Receives the live entries of [#forEach].
  @FunctionalInterface
  public interface Visitor {
    /// One station: its address, its port, and the time since it was last heard.
    void entry(long mac, int port, Duration age);
  }

  /// An empty table.
  ///
  /// @param capacity most addresses held at a time, up to 2^26; memory is 48 to 96 bytes for each
  /// @param ageing how long a silent station is remembered, to the next tick
  public MacTable(int capacity, Duration ageing) {
    if (capacity < 1 || capacity > MAX_CAPACITY) {
      throw new IllegalArgumentException(
          "MAC table of " + capacity + " addresses: expected 1 to " + MAX_CAPACITY);
    }
    if (ageing.compareTo(Duration.ofSeconds(1)) < 0 || ageing.toDays() > 365) {
      throw new IllegalArgumentException("ageing of " + ageing + ": expected a second to a year");
    }
    this.capacity = capacity;
    this.ageingTicks = (int) (((ageing.toNanos() - 1) >> TICK_SHIFT) + 1);
    int wanted = Math.max(MIN_SETS, capacity * SLOTS_PER_ADDRESS / WAYS);
    int setBits = Integer.SIZE - Integer.numberOfLeadingZeros(wanted - 1);
    this.setShift = Long.SIZE - setBits;
    this.entries = new long[WAYS << setBits];
    this.ages = new int[WAYS << setBits];
  }

  /// The port that `mac` was last heard on, or [#NO_PORT].
  public int lookup(long mac, long nowNanos) {
    int slot = firstSlot(mac);
    for (int end = slot + WAYS; slot < end; slot++) {
      // [MO-L2-3] ACQUIRE entries[slot]. Partner: MO-L2-2.
      // Orders: the entry before its age, so that a new entry is not judged by an old age.
      long entry = (long) ENTRIES.getAcquire(entries, slot);
      if (entry >>> 16 == mac && entry != 0) {
        return isExpired(slot, tick(nowNanos)) ? NO_PORT : (int) entry & MAX_PORT;
      }
    }
    return NO_PORT;
  }

  /// Notes that the station in `slot`, an earlier answer of [#learn], was heard again; writes only
  /// if its age has changed.
  ///
  /// @return false, having done nothing, if the slot no longer holds this address for this port
  boolean refresh(int slot, long mac, int port, long nowNanos) {
    if ((long) ENTRIES.getOpaque(entries, slot) != entry(mac, port)) {
      return false;
    }
    touch(slot, tick(nowNanos));
    return true;
  }

  /// Notes that `mac` was heard on `port`: a new station, one that moved, or a known one. Group
  /// addresses and zero are never learned.
  ///
  /// @return its slot, or a negative number if it was not learned
  public int learn(long mac, int port, long nowNanos) {
    if (mac == 0 || MacAddress.isMulticast(mac)) {
      return NOT_LEARNED;
    }
    int tick = tick(nowNanos);
    int first = firstSlot(mac);
    for (int slot = first; slot < first + WAYS; slot++) {
      long entry = (long) ENTRIES.getAcquire(entries, slot);
      if (entry >>> 16 == mac) {
        return heardAgain(slot, entry, entry(mac, port), tick);
      }
    }
    return insert(first, entry(mac, port), tick);
  }

  /// Forgets all stations of `port`.
  public void removePort(int port) {
    for (int slot = 0; slot < entries.length; slot++) {
      long entry = (long) ENTRIES.getAcquire(entries, slot);
      if (entry != 0 && (entry & MAX_PORT) == port) {
        remove(slot, entry);
      }
    }
  }

  /// Forgets `mac` if it is known on `port`.
  public void remove(long mac, int port) {
    int first = firstSlot(mac);
    for (int slot = first; slot < first + WAYS; slot++) {
      if ((long) ENTRIES.getAcquire(entries, slot) == entry(mac, port)) {
        remove(slot, entry(mac, port));
      }
    }
  }

  /// Frees the slots of expired stations, which otherwise count towards the capacity until another
  /// address needs one of theirs. To be called every few seconds.
  ///
  /// @return how many were freed
  public int sweep(long nowNanos) {
    int tick = tick(nowNanos);
    int freed = 0;
    for (int slot = 0; slot < entries.length; slot++) {
      long entry = (long) ENTRIES.getAcquire(entries, slot);
      if (entry != 0 && isExpired(slot, tick) && remove(slot, entry)) {
        freed++;
      }
    }
    return freed;
  }

  /// Shows each station that has not expired, in no order; for display. Stations that come or go
  /// meanwhile may or may not be shown.
  public void forEach(long nowNanos, Visitor visitor) {
    int tick = tick(nowNanos);
    for (int slot = 0; slot < entries.length; slot++) {
      long entry = (long) ENTRIES.getAcquire(entries, slot);
      int age = tick - (int) AGES.getOpaque(ages, slot);
      if (entry != 0 && age <= ageingTicks) {
        Duration silence = Duration.ofNanos((long) Math.max(age, 0) << TICK_SHIFT);
        visitor.entry(entry >>> 16, (int) entry & MAX_PORT, silence);
      }
    }
  }

  /// Addresses held, expired ones included until they are swept or replaced.
  public int size() {
    return size.get();
  }

  /// Most addresses held at a time.
  public int capacity() {
    return capacity;
  }

  /// How often a known station was heard on another port.
  public long moved() {
    return moved.get();
  }

  /// How often an address was not learned for want of room.
  public long notLearned() {
    return notLearned.get();
  }

  private int heardAgain(int slot, long found, long entry, int tick) {
    boolean known = !isExpired(slot, tick);
    touch(slot, tick);
    if (found == entry) {
      return slot;
    }
    // A lost race means that the station was removed, or is moving elsewhere at this moment.
    if (!publish(slot, found, entry)) {
      return NOT_LEARNED;
    }
    if (known) {
      moved.getAndIncrement();
    }
    return slot;
  }

  /// Enters an address that was not found into a free slot of its set, or into an expired one.
  private int insert(int first, long entry, int tick) {
    if (!insertion.tryLock()) {
      return NOT_LEARNED;
    }
    try {
      int free = NOT_LEARNED;
      long replaced = 0;
      boolean full = size.get() >= capacity;
      for (int slot = first; slot < first + WAYS; slot++) {
        long found = (long) ENTRIES.getAcquire(entries, slot);
        if (found >>> 16 == entry >>> 16) {
          return heardAgain(slot, found, entry, tick);
        }
        boolean usable = found == 0 ? !full : isExpired(slot, tick);
        if (usable && free < 0) {
          free = slot;
          replaced = found;
        }
      }
      if (free < 0) {
        notLearned.getAndIncrement();
        return NOT_LEARNED;
      }
      AGES.setOpaque(ages, free, tick);
      if (!publish(free, replaced, entry)) {
        // The expired station we meant to replace was removed or moved; the next frame tries again.
        return NOT_LEARNED;
      }
      if (replaced == 0) {
        size.getAndIncrement();
      }
      return free;
    } finally {
      insertion.unlock();
    }
  }

  private boolean publish(int slot, long expected, long entry) {
    // [MO-L2-2] RELEASE entries[slot] (as part of a full compare-and-set). Partner: MO-L2-3.
    // Orders: the age of the slot before the entry.
    return ENTRIES.compareAndSet(entries, slot, expected, entry);
  }

  private boolean remove(int slot, long entry) {
    boolean removed = ENTRIES.compareAndSet(entries, slot, entry, 0L);
    if (removed) {
      size.getAndDecrement();
    }
    return removed;
  }

  private void touch(int slot, int tick) {
    if ((int) AGES.getOpaque(ages, slot) != tick) {
      AGES.setOpaque(ages, slot, tick);
    }
  }

  /// Ticks wrap after nine years; the difference is what counts.
  private boolean isExpired(int slot, int tick) {
    return tick - (int) AGES.getOpaque(ages, slot) > ageingTicks;
  }

  private int firstSlot(long mac) {
    long hash = (mac ^ seed) * 0x9E37_79B9_7F4A_7C15L;
    hash = (hash ^ hash >>> 32) * 0xD6E8_FEB8_6659_FD93L;
    return (int) (hash >>> setShift) * WAYS;
  }

  private static int tick(long nowNanos) {
    return (int) (nowNanos >> TICK_SHIFT);
  }

  private static long entry(long mac, int port) {
    return mac << 16 | port;
  }
}
