package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.x86.Condition.EQUAL;
import static org.vbus.connector.kvm.x86.Condition.NOT_EQUAL;
import static org.vbus.connector.kvm.x86.Condition.NOT_ZERO;
import static org.vbus.connector.kvm.x86.Memory.byteAt;
import static org.vbus.connector.kvm.x86.Memory.dwordAt;
import static org.vbus.connector.kvm.x86.Memory.qwordAt;
import static org.vbus.connector.kvm.x86.Register.R10;
import static org.vbus.connector.kvm.x86.Register.R14;
import static org.vbus.connector.kvm.x86.Register.R9;
import static org.vbus.connector.kvm.x86.Register.RAX;
import static org.vbus.connector.kvm.x86.Register.RBP;
import static org.vbus.connector.kvm.x86.Register.RDI;
import static org.vbus.connector.kvm.x86.Register.RDX;
import static org.vbus.connector.kvm.x86.Register.RSI;

import java.util.ArrayList;
import java.util.List;
import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.connector.kvm.x86.Memory;
import org.vbus.core.memory.LittleEndian;
import org.vbus.shm.EventLayout;
import org.vbus.shm.IoqLayout;

/// North's end of event rings in machine code, as [NorthEvents] is in Java, which writes the block
/// that this code works on.
///
/// RBP has a bit for each level of which descriptors were returned since the host was last told;
/// nothing else changes it. The subroutines change all other registers but R12, R13 and R15.
final class RingCode {
  /// Offset in a signal: a notification to north is under way (vbus ABI, section 4).
  static final int SIGNAL_PENDING = 9;

  // Places in a ring's head and descriptors: vbus ABI, section 5.
  private static final long NORTH = IoqLayout.SIGNAL_OFFSET + 8;
  private static final long SOUTH = IoqLayout.SIGNAL_OFFSET + 11;
  private static final long ENABLED = 0;
  private static final long PENDING = 1;
  private static final long DIRTY = 2;
  private static final long INUSE_HEAD = 36;
  private static final long INUSE_FULL = 44;
  private static final long OWNER = 25;

  /// Events of level 0 between two looks at what else there is to do.
  private static final int BUDGET = 64;

  /// Events of a lower level between two looks at those above it. The look costs a few
  /// instructions, an event much more, and on a vCPU that is emulated time is what an urgent one
  /// has least of.
  static final int LOWER = 1;

  private final GuestImage image;
  private final Assembler a;
  private final GuestCode guest;
  private final EventBlock block;
  private final EventHost host;
  private final List<Level> levels = new ArrayList<>();

  /// One ring: its place, where this side's position in it is kept, and its subroutine.
  private record Level(int number, long ring, long data, long position, Label drain) {
    Memory north(long field) {
      return byteAt(ring + NORTH + field);
    }

    Memory south(long field) {
      return byteAt(ring + SOUTH + field);
    }

    Memory descriptor() {
      return qwordAt(position);
    }

    Memory event() {
      return qwordAt(position + Long.BYTES);
    }

    long firstDescriptor() {
      return ring + IoqLayout.HEAD_SIZE;
    }
  }

  /// Writes the subroutines.
  RingCode(GuestImage image, EventBlock block, EventHost host) {
    this.image = image;
    this.a = image.code();
    this.guest = image.guestCode();
    this.block = block;
    this.host = host;
    for (int i = 0; i < block.geometry().levels(); i++) {
      levels.add(writeDrain(i));
    }
  }

  /// Takes at most as many events as R14 says, and subtracts them from it.
  private Level writeDrain(int number) {
    long position = image.allocate(2L * Long.BYTES, GuestCounters.LINE);
    Label entry = a.mark("drain level " + number);
    Level level = new Level(number, block.ring(number), block.data(number), position, entry);
    image.memory().set(LittleEndian.LONG, position, level.firstDescriptor());
    image.memory().set(LittleEndian.LONG, position + Long.BYTES, level.data());

    final Label other = a.label("other event");
    final Label done = a.label("event done");
    final Label empty = a.label("ring empty");
    a.mov(RSI, level.descriptor());
    // [MO-GUEST-6] ACQUIRE desc.sown; x86 loads are. Partner: MO-IOQ-1 of the host.
    // Orders: the owner byte before the event.
    a.cmp(byteAt(RSI, OWNER), 0);
    a.jcc(NOT_EQUAL, empty);
    a.mov(RDI, level.event());
    a.mov(RAX, dwordAt(RDI, 0));
    a.mov(RDX, qwordAt(RDI, 8));
    a.mov(qwordAt(RDI, 0), 0);
    a.mov(qwordAt(RDI, 8), 0);
    writePop(level);
    guest.count(GuestCounter.EVENTS);
    a.cmp(RAX, EventLayout.SHMSIGNAL);
    a.jcc(NOT_EQUAL, other);
    host.signalled(done);
    a.jmp(done);
    a.bind(other);
    host.other();
    a.bind(done);
    a.dec(R14);
    a.jcc(NOT_ZERO, entry);
    a.bind(empty);
    a.ret();
    return level;
  }

  /// Hands the descriptor in RSI with the event in RDI back, and goes to the next one.
  private void writePop(Level level) {
    long end = level.firstDescriptor() + IoqLayout.DESC_SIZE * block.geometry().slots();
    final Label next = a.label("next descriptor");
    final Label notFull = a.label("not full");
    a.lea(R9, byteAt(RSI, IoqLayout.DESC_SIZE));
    a.add(RDI, (int) EventLayout.SIZE);
    a.mov(R10, dwordAt(level.ring() + INUSE_HEAD));
    a.inc(R10);
    a.cmp(R9, (int) end);
    a.jcc(NOT_EQUAL, next);
    a.mov(R9, level.firstDescriptor());
    a.mov(RDI, level.data());
    a.xor(R10, R10);
    a.bind(next);
    a.mov(level.descriptor(), R9);
    a.mov(level.event(), RDI);
    a.mov(dwordAt(level.ring() + INUSE_HEAD), R10);
    a.cmp(byteAt(level.ring() + INUSE_FULL), 0);
    a.jcc(EQUAL, notFull);
    a.mov(byteAt(level.ring() + INUSE_FULL), 0);
    a.bind(notFull);
    // [MO-GUEST-7] RELEASE desc.sown; x86 stores are. Partner: MO-IOQ-2 of the host.
    // Orders: event and index before the owner byte.
    a.mov(byteAt(RSI, OWNER), 1);
  }

  /// The handlers of the levels' interrupts.
  void writeInterrupts() {
    for (Level level : levels) {
      image.vector(
          Vectors.LEVEL + level.number(),
          guest.interrupt(
              "level " + level.number(),
              GuestCounter.LEVEL_INTERRUPTS,
              () -> a.mov(level.north(ENABLED), 0)));
    }
  }

  /// Asks for no interrupts.
  void writeMask() {
    for (Level level : levels) {
      a.mov(level.north(ENABLED), 0);
    }
  }

  /// Takes events, higher levels first, a few at a time of lower ones.
  ///
  /// @param again where to go after any were taken
  void writeDrainAll(Label again) {
    for (Level level : levels) {
      int budget = level.number() == 0 ? BUDGET : LOWER;
      Label nothing = a.label("nothing on this level");
      a.mov(R14, budget);
      a.call(level.drain());
      a.cmp(R14, budget);
      a.jcc(EQUAL, nothing);
      a.or(RBP, 1 << level.number());
      a.jmp(again);
      a.bind(nothing);
    }
  }

  /// Tells the host of returned descriptors, if it waits for them.
  void writeReturn() {
    Label nothing = a.label("nothing returned");
    a.test(RBP, RBP);
    a.jcc(EQUAL, nothing);
    guest.count(GuestCounter.DRAINS);
    for (Level level : levels) {
      Label quiet = a.label("host does not wait");
      a.mov(RAX, 1);
      // [MO-GUEST-9] FULL dirty = 1, by xchg. Partner: MO-EVT-3. Orders: returned descriptors
      // before
      // the look at the host's enabled and pending.
      a.xchg(level.south(DIRTY), RAX);
      a.cmp(level.south(ENABLED), 0);
      a.jcc(EQUAL, quiet);
      a.cmp(level.south(PENDING), 0);
      a.jcc(NOT_EQUAL, quiet);
      a.mov(RAX, 1);
      a.xchg(level.south(PENDING), RAX);
      host.returned(level.number());
      guest.count(GuestCounter.EVENT_KICKS);
      a.bind(quiet);
    }
    a.xor(RBP, RBP);
    a.bind(nothing);
  }

  /// Asks for interrupts and looks again.
  ///
  /// @param found where to go when there is an event
  void writeUnmask(Label found) {
    for (Level level : levels) {
      a.mov(level.north(PENDING), 0);
      a.mov(level.north(ENABLED), 1);
      a.mov(level.north(DIRTY), 0);
    }
    // [MO-GUEST-10] FULL FENCE. Partner: MO-SIG-2. Orders: pending = 0 and enabled = 1 of every
    // ring
    // before the look at its next descriptor.
    guest.fence();
    for (Level level : levels) {
      a.mov(RSI, level.descriptor());
      a.cmp(byteAt(RSI, OWNER), 0);
      a.jcc(EQUAL, found);
    }
  }
}
