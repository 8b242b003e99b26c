package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.x86.Condition.ABOVE_OR_EQUAL;
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
import static org.vbus.connector.kvm.x86.Register.RBX;
import static org.vbus.connector.kvm.x86.Register.RDI;
import static org.vbus.connector.kvm.x86.Register.RDX;
import static org.vbus.connector.kvm.x86.Register.RSI;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.vbus.connector.kvm.KvmLayout;
import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.connector.kvm.x86.Memory;
import org.vbus.connector.kvm.x86.Register;
import org.vbus.connector.kvm.x86.Size;
import org.vbus.core.bus.BusRegisters;
import org.vbus.core.memory.LittleEndian;
import org.vbus.shm.EventGeometry;
import org.vbus.shm.EventHandler;
import org.vbus.shm.EventLayout;
import org.vbus.shm.IoqLayout;
import org.vbus.shm.NorthEvents;

/// North's end of the event rings in machine code, as [NorthEvents] is in Java, which writes the
/// block that this code works on. A handle is the index of a device.
///
/// RBP has a bit for each level of which descriptors were returned since the host was last told.
/// The subroutines change RAX, RCX, RDX, RSI, RDI and R8 to R10, and RBX.
final class RingCode {
  // Places in a ring's head and descriptors, and in a signal: vbus ABI, sections 4 and 5.
  private static final long NORTH = IoqLayout.SIGNAL_OFFSET + 8;
  private static final long SOUTH = IoqLayout.SIGNAL_OFFSET + 11;
  private static final long ENABLED = 0;
  private static final long PENDING = 1;
  private static final long DIRTY = 2;
  private static final long INUSE_HEAD = 36;
  private static final long INUSE_FULL = 44;
  private static final long OWNER = 25;
  private static final int SIGNAL_PENDING = 8 + 1;
  private static final int SIGNAL_SHIFT = 4;

  private static final int SLOTS = 128;
  private static final int ALL = 64;

  private final GuestImage image;
  private final Assembler a;
  private final GuestCode guest;
  private final EventGeometry geometry;
  private final long block;
  private final long devices;
  private final Label serve;
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

  /// Formats the block in the image's memory and writes the subroutines.
  ///
  /// @param handles devices
  /// @param devices address of their blocks' addresses
  /// @param serve what to call, with RBX the device's block, for its signals
  RingCode(GuestImage image, int levelCount, int handles, long devices, Label serve) {
    this.image = image;
    this.a = image.code();
    this.guest = image.guestCode();
    this.geometry = new EventGeometry(levelCount, SLOTS, handles);
    this.block = image.allocate(geometry.footprint(), 4096);
    this.devices = devices;
    this.serve = serve;
    format(image.memory());
    for (int i = 0; i < levelCount; i++) {
      levels.add(writeDrain(i));
    }
  }

  private void format(MemorySegment memory) {
    NorthEvents events =
        NorthEvents.format(memory, block, geometry, block, new NoEvents(), level -> {});
    for (int handle = 0; handle < geometry.handles(); handle++) {
      boolean _ = events.signals().signal(handle).enable();
    }
  }

  private Level writeDrain(int number) {
    long position = image.allocate(2L * Long.BYTES, GuestCounters.LINE);
    Level level =
        new Level(
            number,
            block + geometry.ringOffset(number),
            block + geometry.dataOffset(number),
            position,
            a.mark("drain level " + number));
    image.memory().set(LittleEndian.LONG, position, level.firstDescriptor());
    image.memory().set(LittleEndian.LONG, position + Long.BYTES, level.data());

    final Label next = a.mark("next event");
    final Label taken = a.label("taken");
    final Label notFull = a.label("not full");
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
    a.lea(R9, byteAt(RSI, IoqLayout.DESC_SIZE));
    a.add(RDI, (int) EventLayout.SIZE);
    a.mov(R10, dwordAt(level.ring() + INUSE_HEAD));
    a.inc(R10);
    a.cmp(R9, (int) (level.firstDescriptor() + IoqLayout.DESC_SIZE * geometry.slots()));
    a.jcc(NOT_EQUAL, taken);
    a.mov(R9, level.firstDescriptor());
    a.mov(RDI, level.data());
    a.xor(R10, R10);
    a.bind(taken);
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
    guest.count(GuestCounter.EVENTS);
    a.cmp(RAX, EventLayout.SHMSIGNAL);
    a.jcc(NOT_EQUAL, done);
    a.cmp(RDX, geometry.handles());
    a.jcc(ABOVE_OR_EQUAL, done);
    a.mov(RBX, new Memory(Size.QWORD, null, RDX, Long.BYTES, (int) devices));
    a.shl(RDX, SIGNAL_SHIFT);
    a.xor(RAX, RAX);
    // [MO-GUEST-8] FULL pending = 0, by xchg. Partner: MO-SIG-2. Orders: pending = 0 before the
    // look
    // at the queue: a change after it queues a new event.
    a.xchg(byteAt(RDX, block + SIGNAL_PENDING), RAX);
    a.call(serve);
    a.bind(done);
    a.dec(R14);
    a.jcc(NOT_ZERO, next);
    a.bind(empty);
    a.ret();
    return level;
  }

  /// Tells the host where the block is. RBP: window of the bus.
  void writeRegister(Register window) {
    for (Level level : levels) {
      guest.write(window, BusRegisters.LEVEL_SEL, level.number());
      guest.write(window, BusRegisters.LEVEL_VECTOR, Vectors.LEVEL + level.number());
    }
    guest.write(window, BusRegisters.EVENTS_LOW, (int) block);
    guest.write(window, BusRegisters.EVENTS_LOW + 4, 0);
    guest.write(window, BusRegisters.LEVELS, geometry.levels());
    guest.write(window, BusRegisters.RING_COUNT, geometry.slots());
    guest.write(window, BusRegisters.HANDLES, geometry.handles());
    guest.write(window, BusRegisters.EVENTS_READY, 1);
    guest.expect(window, BusRegisters.EVENTS_READY, 1, GuestPanic.EVENTS_REFUSED);
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
      int budget = level.number() == 0 ? ALL : NorthEvents.BATCH;
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
      a.mov(RDX, KvmLayout.WINDOWS);
      guest.write(RDX, BusRegisters.EVENTS_KICK, level.number());
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

  /// The Java side only formats.
  private record NoEvents() implements EventHandler {
    @Override
    public void deviceAdded(long id, String type) {}

    @Override
    public void deviceDropped(long handle) {}

    @Override
    public void signal(long handle) {}

    @Override
    public void signalClosed(long handle) {}
  }
}
