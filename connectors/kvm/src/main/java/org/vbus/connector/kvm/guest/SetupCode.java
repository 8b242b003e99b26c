package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.x86.Condition.BELOW;
import static org.vbus.connector.kvm.x86.Condition.EQUAL;
import static org.vbus.connector.kvm.x86.Condition.NOT_EQUAL;
import static org.vbus.connector.kvm.x86.Condition.NOT_ZERO;
import static org.vbus.connector.kvm.x86.Condition.ZERO;
import static org.vbus.connector.kvm.x86.Memory.dwordAt;
import static org.vbus.connector.kvm.x86.Memory.qwordAt;
import static org.vbus.connector.kvm.x86.Register.R12;
import static org.vbus.connector.kvm.x86.Register.R14;
import static org.vbus.connector.kvm.x86.Register.R8;
import static org.vbus.connector.kvm.x86.Register.RAX;
import static org.vbus.connector.kvm.x86.Register.RBP;
import static org.vbus.connector.kvm.x86.Register.RBX;
import static org.vbus.connector.kvm.x86.Register.RCX;
import static org.vbus.connector.kvm.x86.Register.RDX;
import static org.vbus.core.bus.DeviceRegisters.*;

import org.vbus.connector.kvm.KvmLayout;
import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.connector.kvm.x86.Memory;
import org.vbus.connector.kvm.x86.Size;
import org.vbus.core.bus.BusRegisters;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.feature.Feature;

/// Finds the bus and the devices, and starts these (3.1.1), in machine code. All registers change.
final class SetupCode {
  private static final long WINDOW_STEP = KvmLayout.window(1) - KvmLayout.window(0);
  private static final int READY =
      DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER | DeviceStatus.FEATURES_OK;

  private final GuestImage image;
  private final Assembler a;
  private final GuestCode guest;
  private final RequestOptions options;
  private final DeviceBlock block;
  private final long devices;

  /// @param devices address of the addresses of the devices' blocks
  SetupCode(GuestImage image, RequestOptions options, long devices) {
    this.image = image;
    this.a = image.code();
    this.guest = image.guestCode();
    this.options = options;
    this.block = new DeviceBlock(options.queueSize(), options.bytes());
    this.devices = devices;
  }

  /// The guest's first instructions; checks that there is a bus of the right policy and leaves its
  /// window in RBP.
  void writeBus() {
    image.entry();
    guest.enableApic();
    a.mov(RBP, KvmLayout.WINDOWS);
    guest.expect(RBP, BusRegisters.MAGIC, BusRegisters.MAGIC_VALUE, GuestPanic.NO_BUS);
    guest.expect(RBP, BusRegisters.VERSION, BusRegisters.VERSION_1, GuestPanic.NO_BUS);
    guest.expect(RBP, BusRegisters.POLICY, options.policy().code(), GuestPanic.WRONG_POLICY);
  }

  /// Goes through the slots and starts the devices that are to be driven. RBP: window of the bus.
  void writeDevices() {
    Label next = a.label("next slot");
    Label found = a.label("all devices");
    a.mov(R12, dwordAt(RBP, BusRegisters.SLOT_COUNT));
    a.xor(R14, R14);
    a.mov(R8, KvmLayout.KICK_PORTS);
    final Label slot = a.mark("slot");
    a.add(RBP, (int) WINDOW_STEP);
    a.mov(RAX, dwordAt(RBP, DEVICE_ID));
    a.cmp(RAX, options.deviceId());
    a.jcc(NOT_EQUAL, next);
    a.mov(RBX, new Memory(Size.QWORD, null, R14, Long.BYTES, (int) devices));
    writeDevice();
    a.inc(R14);
    a.cmp(R14, options.devices());
    a.jcc(EQUAL, found);
    a.bind(next);
    a.add(R8, KvmLayout.KICK_PORT_STEP);
    a.dec(R12);
    a.jcc(NOT_ZERO, slot);
    guest.panic(GuestPanic.TOO_FEW_DEVICES.code());
    a.bind(found);
  }

  /// Starts a device. RBX: its block; RBP: its window; R8: its kick port.
  private void writeDevice() {
    guest.expect(RBP, MAGIC_VALUE, MAGIC, GuestPanic.NO_BUS);
    switch (options.doorbell()) {
      case REGISTER -> {
        a.lea(RAX, dwordAt(RBP, QUEUE_NOTIFY));
        a.mov(qwordAt(RBX, DeviceBlock.DOORBELL), RAX);
      }
      case PORT -> a.mov(qwordAt(RBX, DeviceBlock.DOORBELL), R8);
    }
    guest.write(RBP, STATUS, 0);
    final Label reset = a.mark("reset");
    a.mov(RAX, dwordAt(RBP, STATUS));
    a.cmp(RAX, 0);
    a.jcc(NOT_EQUAL, reset);
    guest.write(RBP, STATUS, DeviceStatus.ACKNOWLEDGE);
    guest.write(RBP, STATUS, DeviceStatus.ACKNOWLEDGE | DeviceStatus.DRIVER);
    long features = Feature.VERSION_1.mask();
    if (options.suppression() == Suppression.EVENT_INDEX) {
      features |= Feature.EVENT_IDX.mask();
    }
    accept(0, (int) features);
    accept(1, (int) (features >>> 32));
    guest.write(RBP, STATUS, READY);
    a.mov(RAX, dwordAt(RBP, STATUS));
    a.and(RAX, DeviceStatus.FEATURES_OK);
    guest.panicIf(ZERO, GuestPanic.NO_FEATURES);

    guest.write(RBP, QUEUE_SEL, 0);
    a.mov(RCX, dwordAt(RBP, QUEUE_SIZE_MAX));
    a.cmp(RCX, block.size());
    guest.panicIf(BELOW, GuestPanic.QUEUE_TOO_SMALL);
    guest.write(RBP, QUEUE_SIZE, block.size());
    place(QUEUE_DESC_LOW, block.desc());
    place(QUEUE_DRIVER_LOW, block.avail());
    place(QUEUE_DEVICE_LOW, block.used());
    a.mov(RAX, qwordAt(RBX, DeviceBlock.SIGNAL));
    guest.write(RBP, QUEUE_SIGNAL, RAX);
    a.mov(RAX, qwordAt(RBX, DeviceBlock.LEVEL));
    guest.write(RBP, QUEUE_LEVEL, RAX);
    guest.write(RBP, QUEUE_READY, 1);
    guest.write(RBP, STATUS, READY | DeviceStatus.DRIVER_OK);
  }

  /// Accepts `wanted` of the 32 features of a half; all have to be offered.
  private void accept(int half, int wanted) {
    guest.write(RBP, DEVICE_FEATURES_SEL, half);
    a.mov(RCX, dwordAt(RBP, DEVICE_FEATURES));
    a.and(RCX, wanted);
    a.cmp(RCX, wanted);
    guest.panicIf(NOT_EQUAL, GuestPanic.NO_FEATURES);
    guest.write(RBP, DRIVER_FEATURES_SEL, half);
    guest.write(RBP, DRIVER_FEATURES, wanted);
  }

  private void place(int register, int offset) {
    a.lea(RDX, qwordAt(RBX, offset));
    guest.write(RBP, register, RDX);
    a.shr(RDX, 32);
    guest.write(RBP, register + 4, RDX);
  }
}
