package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.guest.HostileProgram.Ending.BROKEN;
import static org.vbus.connector.kvm.guest.HostileProgram.Ending.NEVER;
import static org.vbus.connector.kvm.guest.HostileProgram.Ending.PANIC;
import static org.vbus.connector.kvm.guest.HostileProgram.Ending.REPORT;
import static org.vbus.connector.kvm.x86.Condition.NOT_ZERO;
import static org.vbus.connector.kvm.x86.Memory.at;
import static org.vbus.connector.kvm.x86.Memory.dwordAt;
import static org.vbus.connector.kvm.x86.Memory.qwordAt;
import static org.vbus.connector.kvm.x86.Register.RAX;
import static org.vbus.connector.kvm.x86.Register.RBX;
import static org.vbus.connector.kvm.x86.Register.RCX;
import static org.vbus.connector.kvm.x86.Register.RDX;
import static org.vbus.connector.kvm.x86.Register.RSP;
import static org.vbus.core.bus.DeviceRegisters.*;

import java.util.List;
import org.vbus.connector.kvm.KvmLayout;
import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.connector.kvm.x86.Size;
import org.vbus.core.bus.BusRegisters;
import org.vbus.core.device.DeviceStatus;

/// Guests that lie, ask for what does not exist, or misuse their processor. A host has to survive
/// each of them, and its other guests must not notice.
public final class HostilePrograms {
  private static final int STORM = 2000;
  private static final int SLOTS = 70;
  private static final long NOWHERE = 0xbff0_0000L;
  private static final int RUNNING =
      DeviceStatus.ACKNOWLEDGE
          | DeviceStatus.DRIVER
          | DeviceStatus.FEATURES_OK
          | DeviceStatus.DRIVER_OK;

  private HostilePrograms() {}

  /// All of them.
  public static List<HostileProgram> all() {
    return List.of(
        new HostileProgram("writes and reads ports nobody has", REPORT, HostilePrograms::ports),
        new HostileProgram("accesses addresses nobody has", REPORT, HostilePrograms::addresses),
        new HostileProgram("accesses registers in odd sizes", REPORT, HostilePrograms::oddSizes),
        new HostileProgram("sets up and kicks absent devices", REPORT, HostilePrograms::absent),
        new HostileProgram("kicks without a pause", REPORT, HostilePrograms::storm),
        new HostileProgram("places rings outside memory", REPORT, HostilePrograms::ringsNowhere),
        new HostileProgram("publishes garbage", REPORT, HostilePrograms::garbage),
        new HostileProgram("registers events outside memory", REPORT, HostilePrograms::events),
        new HostileProgram("makes calls of nonsense", REPORT, HostilePrograms::calls),
        new HostileProgram("executes an invalid instruction", PANIC, Assembler::ud2),
        new HostileProgram("reads where no page is mapped", PANIC, HostilePrograms::unmapped),
        new HostileProgram("faults three times", BROKEN, HostilePrograms::tripleFault),
        new HostileProgram("jumps to nowhere", BROKEN, HostilePrograms::jumpNowhere),
        new HostileProgram("has its stack nowhere", BROKEN, HostilePrograms::stackNowhere),
        new HostileProgram("spins", NEVER, HostilePrograms::spin),
        new HostileProgram("halts with interrupts off", NEVER, HostilePrograms::halt));
  }

  /// The one of that name.
  ///
  /// @throws IllegalArgumentException when there is none
  public static HostileProgram named(String name) {
    return all().stream()
        .filter(program -> program.name().equals(name))
        .findFirst()
        .orElseThrow(() -> new IllegalArgumentException("no hostile guest " + name));
  }

  private static void out(Assembler a, int port, int value) {
    a.mov(RDX, port);
    a.mov(RAX, value & 0xffffffffL);
    a.outDword();
  }

  private static void ports(Assembler a) {
    for (int port = 0x600; port < 0xffff; port += 0x3fd) {
      out(a, port, -1);
      a.outByte();
      a.inDword();
    }
    out(a, 0xfffc, 0);
  }

  private static void addresses(Assembler a) {
    long[] places = {
      KvmLayout.MEMORY_LIMIT,
      KvmLayout.BRIDGE_CALLS - 0x1000,
      KvmLayout.WINDOWS - 4,
      KvmLayout.window(KvmLayout.MAX_WINDOWS - 1),
      KvmLayout.window(KvmLayout.MAX_WINDOWS),
      0xfd00_0000L
    };
    for (long place : places) {
      a.mov(RBX, place);
      accessInAllSizes(a, 0);
    }
  }

  private static void accessInAllSizes(Assembler a, int offset) {
    for (Size size : Size.values()) {
      a.mov(at(size, RBX, offset), -1);
      a.mov(RAX, at(size, RBX, offset));
    }
  }

  private static void oddSizes(Assembler a) {
    for (int window = 0; window < 2; window++) {
      a.mov(RBX, KvmLayout.window(window));
      for (int offset : new int[] {0x00, 0x03, 0x22, 0x2d, STATUS, STATUS + 1, CONFIG, 0xffe}) {
        accessInAllSizes(a, offset);
      }
      accessInAllSizes(a, (1 << KvmLayout.WINDOW_SHIFT) - 2);
    }
  }

  private static void absent(Assembler a) {
    for (int slot = 0; slot < SLOTS; slot++) {
      a.mov(RBX, KvmLayout.window(slot + 1));
      a.mov(dwordAt(RBX, QUEUE_SEL), 77);
      a.mov(dwordAt(RBX, QUEUE_SIZE), -1);
      a.mov(dwordAt(RBX, QUEUE_SIGNAL), -2);
      a.mov(dwordAt(RBX, QUEUE_READY), 1);
      a.mov(dwordAt(RBX, QUEUE_NOTIFY), 1 << 30);
      out(a, KvmLayout.kickPort(slot), 0);
      out(a, KvmLayout.kickPort(slot), -1);
    }
  }

  private static void storm(Assembler a) {
    a.mov(RBX, KvmLayout.window(1));
    a.mov(RCX, STORM);
    final Label next = a.mark("next kick");
    a.mov(dwordAt(RBX, QUEUE_NOTIFY), 0);
    out(a, KvmLayout.kickPort(0), 0);
    a.dec(RCX);
    a.jcc(NOT_ZERO, next);
  }

  /// Negotiates with the first device and enables its first queue.
  private static void startQueue(Assembler a, int size, long desc, long avail, long used) {
    a.mov(RBX, KvmLayout.window(1));
    a.mov(dwordAt(RBX, STATUS), 0);
    a.mov(dwordAt(RBX, STATUS), DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
    a.mov(dwordAt(RBX, DRIVER_FEATURES_SEL), 1);
    a.mov(dwordAt(RBX, DRIVER_FEATURES), 1);
    a.mov(dwordAt(RBX, STATUS), RUNNING & ~DeviceStatus.DRIVER_OK);
    a.mov(dwordAt(RBX, QUEUE_SEL), 0);
    a.mov(dwordAt(RBX, QUEUE_SIZE), size);
    place(a, QUEUE_DESC_LOW, desc);
    place(a, QUEUE_DRIVER_LOW, avail);
    place(a, QUEUE_DEVICE_LOW, used);
    a.mov(dwordAt(RBX, QUEUE_SIGNAL), 0x1ff);
    a.mov(dwordAt(RBX, QUEUE_LEVEL), -1);
    a.mov(dwordAt(RBX, QUEUE_READY), 1);
    a.mov(dwordAt(RBX, STATUS), RUNNING);
    out(a, KvmLayout.kickPort(0), 0);
  }

  private static void place(Assembler a, int register, long address) {
    a.mov(dwordAt(RBX, register), address & 0xffffffffL);
    a.mov(dwordAt(RBX, register + 4), address >>> 32);
  }

  private static void ringsNowhere(Assembler a) {
    long here = GuestImage.HEAP;
    startQueue(a, 16, NOWHERE, here, here);
    startQueue(a, 16, here, -64, here);
    startQueue(a, 16, here, here, Long.MAX_VALUE - 63);
    startQueue(a, 16, here + 1, here + 1, here + 1);
    startQueue(a, 3, here, here, here);
    startQueue(a, 1 << 16, here, here, here);
  }

  /// An index that jumped, a head that is none, a chain that loops, and a buffer nowhere.
  private static void garbage(Assembler a) {
    long desc = GuestImage.HEAP;
    long avail = desc + 0x1000;
    long used = desc + 0x2000;
    long nowhere = desc + 0x3000;
    a.mov(dwordAt(avail), 999 << 16);
    startQueue(a, 16, desc, avail, used);
    a.mov(dwordAt(avail), 1 << 16);
    a.mov(dwordAt(avail + 4), 0xffff);
    startQueue(a, 16, desc, avail, used);
    a.mov(dwordAt(avail + 4), 0);
    a.mov(qwordAt(desc), nowhere);
    a.mov(dwordAt(desc + 8), 64);
    a.mov(dwordAt(desc + 12), 1);
    startQueue(a, 16, desc, avail, used);
    a.mov(RAX, -64);
    a.mov(qwordAt(desc), RAX);
    a.mov(dwordAt(desc + 8), -1);
    a.mov(dwordAt(desc + 12), 0);
    startQueue(a, 16, desc, avail, used);
  }

  private static void events(Assembler a) {
    a.mov(RBX, KvmLayout.WINDOWS);
    long[] blocks = {NOWHERE, -64, GuestImage.HEAP};
    int[] levels = {2, 0, -1, 8};
    for (long block : blocks) {
      for (int count : levels) {
        a.mov(dwordAt(RBX, BusRegisters.EVENTS_LOW), block & 0xffffffffL);
        a.mov(dwordAt(RBX, BusRegisters.EVENTS_LOW + 4), block >>> 32);
        a.mov(dwordAt(RBX, BusRegisters.LEVELS), count);
        a.mov(dwordAt(RBX, BusRegisters.RING_COUNT), count << 4);
        a.mov(dwordAt(RBX, BusRegisters.HANDLES), count << 8);
        a.mov(dwordAt(RBX, BusRegisters.LEVEL_SEL), 99);
        a.mov(dwordAt(RBX, BusRegisters.LEVEL_VECTOR), -3);
        a.mov(dwordAt(RBX, BusRegisters.EVENTS_READY), 1);
        a.mov(dwordAt(RBX, BusRegisters.EVENTS_KICK), count);
      }
    }
  }

  private static void calls(Assembler a) {
    a.mov(RBX, KvmLayout.BRIDGE_CALLS);
    accessInAllSizes(a, 0);
    accessInAllSizes(a, KvmLayout.BRIDGE_CALLS_SIZE - 1);
    long[] arguments = {NOWHERE, -8, GuestImage.HEAP, Long.MAX_VALUE};
    for (int vector = 0; vector < 6; vector++) {
      for (long argument : arguments) {
        a.mov(dwordAt(RBX, 0), vector);
        a.mov(dwordAt(RBX, 4), vector == 3 ? -1 : 16 * (vector + 1));
        a.mov(dwordAt(RBX, 8), argument & 0xffffffffL);
        a.mov(dwordAt(RBX, 12), argument >>> 32);
        a.mov(RAX, dwordAt(RBX, 0));
      }
    }
    for (int port = 0; port < 0x20; port += 4) {
      out(a, KvmLayout.BRIDGE_SIGNALS + port, -1);
      out(a, KvmLayout.BRIDGE_SIGNALS + port, 0);
    }
  }

  private static void unmapped(Assembler a) {
    a.mov(RBX, 1L << 40);
    a.mov(RAX, qwordAt(RBX, 0));
  }

  private static void tripleFault(Assembler a) {
    a.mov(qwordAt(GuestImage.HEAP), 0);
    a.lidt(qwordAt(GuestImage.HEAP));
    a.ud2();
  }

  private static void jumpNowhere(Assembler a) {
    a.mov(RAX, NOWHERE);
    a.jmp(RAX);
  }

  private static void stackNowhere(Assembler a) {
    a.mov(RSP, NOWHERE);
    a.ud2();
  }

  private static void spin(Assembler a) {
    a.jmp(a.mark("here"));
  }

  private static void halt(Assembler a) {
    final Label again = a.mark("halt");
    a.cli();
    a.hlt();
    a.jmp(again);
  }
}
