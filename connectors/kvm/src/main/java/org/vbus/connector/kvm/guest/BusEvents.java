package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.x86.Condition.ABOVE_OR_EQUAL;
import static org.vbus.connector.kvm.x86.Memory.byteAt;
import static org.vbus.connector.kvm.x86.Register.RAX;
import static org.vbus.connector.kvm.x86.Register.RBP;
import static org.vbus.connector.kvm.x86.Register.RBX;
import static org.vbus.connector.kvm.x86.Register.RDX;

import org.vbus.connector.kvm.KvmLayout;
import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.connector.kvm.x86.Memory;
import org.vbus.connector.kvm.x86.Size;
import org.vbus.core.bus.BusRegisters;
import org.vbus.shm.ShmSignalLayout;

/// Event rings registered with the bus. A handle is the index of a device.
final class BusEvents implements EventHost {
  private static final int SIGNAL_SHIFT = Long.numberOfTrailingZeros(ShmSignalLayout.SIZE);

  private final Assembler a;
  private final GuestCode guest;
  private final EventBlock block;
  private final long devices;
  private final Label serve;

  /// @param devices address of the addresses of the devices' blocks
  /// @param serve what to call for the signal of the device whose block is in RBX
  BusEvents(GuestImage image, EventBlock block, long devices, Label serve) {
    this.a = image.code();
    this.guest = image.guestCode();
    this.block = block;
    this.devices = devices;
    this.serve = serve;
  }

  /// Tells the host where the block is. RBP: window of the bus.
  void writeRegister() {
    int levels = block.geometry().levels();
    for (int level = 0; level < levels; level++) {
      guest.write(RBP, BusRegisters.LEVEL_SEL, level);
      guest.write(RBP, BusRegisters.LEVEL_VECTOR, Vectors.LEVEL + level);
    }
    guest.write(RBP, BusRegisters.EVENTS_LOW, (int) block.address());
    guest.write(RBP, BusRegisters.EVENTS_LOW + 4, 0);
    guest.write(RBP, BusRegisters.LEVELS, levels);
    guest.write(RBP, BusRegisters.RING_COUNT, block.geometry().slots());
    guest.write(RBP, BusRegisters.HANDLES, block.geometry().handles());
    guest.write(RBP, BusRegisters.EVENTS_READY, 1);
    guest.expect(RBP, BusRegisters.EVENTS_READY, 1, GuestPanic.EVENTS_REFUSED);
  }

  @Override
  public void signalled(Label ignore) {
    a.cmp(RDX, block.geometry().handles());
    a.jcc(ABOVE_OR_EQUAL, ignore);
    a.mov(RBX, new Memory(Size.QWORD, null, RDX, Long.BYTES, (int) devices));
    a.shl(RDX, SIGNAL_SHIFT);
    a.xor(RAX, RAX);
    // [MO-GUEST-8] FULL pending = 0, by xchg. Partner: MO-SIG-2. Orders: pending = 0 before the
    // look
    // at the queue: a change after it queues a new event.
    a.xchg(byteAt(RDX, block.address() + RingCode.SIGNAL_PENDING), RAX);
    a.call(serve);
  }

  /// Devices are found in their slots.
  @Override
  public void other() {}

  @Override
  public void returned(int level) {
    a.mov(RDX, KvmLayout.WINDOWS);
    guest.write(RDX, BusRegisters.EVENTS_KICK, level);
  }
}
