package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.x86.Condition.EQUAL;
import static org.vbus.connector.kvm.x86.Condition.NOT_EQUAL;
import static org.vbus.connector.kvm.x86.Condition.ZERO;
import static org.vbus.connector.kvm.x86.Memory.qwordAt;
import static org.vbus.connector.kvm.x86.Register.R12;
import static org.vbus.connector.kvm.x86.Register.R13;
import static org.vbus.connector.kvm.x86.Register.R15;
import static org.vbus.connector.kvm.x86.Register.RAX;
import static org.vbus.connector.kvm.x86.Register.RBP;
import static org.vbus.connector.kvm.x86.Register.RBX;
import static org.vbus.connector.kvm.x86.Register.RCX;

import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.connector.kvm.x86.Memory;
import org.vbus.connector.kvm.x86.Size;
import org.vbus.core.bus.DeviceRegisters;
import org.vbus.core.memory.LittleEndian;

/// The blocks of the devices, and what a guest does once they are set up: one of three loops.
///
/// Registers: R12 bits of devices to be served, R13 requests per device, R15 what was allowed when
/// last looked at, RBP see [RingCode].
final class RequestCode {
  private final GuestImage image;
  private final Assembler a;
  private final GuestCode guest;
  private final RequestOptions options;
  private final DeviceBlock block;
  private final long devices;
  private final long pending;
  private final long allDevices;
  private final Label finish;
  private final QueueCode queues;
  private final Label serve;

  /// Writes the blocks, the subroutines and the handler of [Vectors#CONTROL].
  RequestCode(GuestImage image, RequestOptions options) {
    this.image = image;
    this.a = image.code();
    this.guest = image.guestCode();
    this.options = options;
    this.block = new DeviceBlock(options.queueSize(), options.bytes());
    this.devices = image.allocate((long) options.devices() * Long.BYTES, GuestCounters.LINE);
    this.pending = image.allocate(Long.BYTES, GuestCounters.LINE);
    this.allDevices = -1L >>> (Long.SIZE - options.devices());
    this.finish = a.label("finish");
    for (int i = 0; i < options.devices(); i++) {
      writeBlock(i);
    }
    long unfinished = image.allocate(Long.BYTES, GuestCounters.LINE);
    image.memory().set(LittleEndian.LONG, unfinished, options.devices());
    this.queues = new QueueCode(image, options, unfinished, finish);
    this.serve = queues.writeServe(pending);
    image.vector(
        Vectors.CONTROL, guest.interrupt("control", GuestCounter.CONTROL_INTERRUPTS, () -> {}));
  }

  private void writeBlock(int index) {
    long at = image.allocate(block.footprint(), GuestCounters.LINE);
    image.memory().set(LittleEndian.LONG, devices + (long) index * Long.BYTES, at);
    block.write(image.memory(), at, index, signal(index), options.level(index));
  }

  private int signal(int index) {
    return switch (options.policy()) {
      case DIRECT -> Vectors.DEVICE + index;
      case RING -> index;
      case POLLED -> DeviceRegisters.NO_SIGNAL;
    };
  }

  /// Address of the addresses of the devices' blocks.
  long devices() {
    return devices;
  }

  /// The subroutine to call when the device whose block is in RBX signalled.
  Label serve() {
    return serve;
  }

  /// A handler for each device's vector.
  void writeInterrupts() {
    for (int i = 0; i < options.devices(); i++) {
      long bit = 1L << i;
      image.vector(
          Vectors.DEVICE + i,
          guest.interrupt(
              "device " + i,
              GuestCounter.DEVICE_INTERRUPTS,
              () -> {
                a.mov(RAX, bit);
                a.or(qwordAt(pending), RAX);
              }));
    }
  }

  /// Serves the devices whose vectors came.
  void writeDirect() {
    writeReady();
    final Label main = a.mark("main");
    final Label sleep = a.label("sleep");
    final Label awake = a.label("awake");
    a.cli();
    lookForOrders();
    takePending(sleep);
    a.sti();
    servePending(main);
    a.bind(sleep);
    fallAsleep(awake);
    halt();
    a.bind(awake);
    a.mov(qwordAt(GuestControl.ASLEEP), 0);
    a.jmp(main);
  }

  /// Serves the devices of which events tell.
  void writeRing(RingCode rings) {
    writeReady();
    final Label awake = a.mark("awake");
    final Label main = a.label("main");
    final Label sleep = a.label("sleep");
    a.mov(qwordAt(GuestControl.ASLEEP), 0);
    rings.writeMask();
    a.bind(main);
    a.sti();
    lookForOrders();
    rings.writeDrainAll(main);
    rings.writeReturn();
    takePending(sleep);
    servePending(main);
    a.bind(sleep);
    a.cli();
    fallAsleep(awake);
    rings.writeUnmask(awake);
    halt();
    a.jmp(awake);
  }

  /// Serves all devices, for ever.
  void writePolled() {
    writeReady();
    guest.state(GuestState.RUNNING);
    final Label main = a.mark("main");
    a.mov(R12, devices);
    lookForStop();
    final Label next = a.mark("next device");
    a.mov(RBX, qwordAt(R12, 0));
    a.call(queues.collect());
    a.call(queues.submit());
    a.add(R12, Long.BYTES);
    a.cmp(R12, (int) (devices + (long) options.devices() * Long.BYTES));
    a.jcc(NOT_EQUAL, next);
    a.pause();
    a.jmp(main);
  }

  /// Where the loops end.
  ///
  /// @param farewell writes what is done before the guest says that it is done
  void writeFinish(Runnable farewell) {
    a.bind(finish);
    a.cli();
    farewell.run();
    guest.enter(GuestState.DONE);
    guest.haltForever();
  }

  private void writeReady() {
    guest.enter(GuestState.READY);
    a.mov(R13, options.total());
    a.xor(R15, R15);
    a.xor(RBP, RBP);
  }

  private void lookForStop() {
    a.cmp(qwordAt(GuestControl.STOP), 0);
    a.jcc(NOT_EQUAL, finish);
  }

  /// What the host may have changed: an end, or more requests, which concern all devices.
  private void lookForOrders() {
    Label same = a.label("same number");
    lookForStop();
    a.mov(RAX, qwordAt(GuestControl.ALLOWED));
    a.cmp(RAX, R15);
    a.jcc(EQUAL, same);
    a.mov(R15, RAX);
    guest.state(GuestState.RUNNING);
    a.mov(RAX, allDevices);
    a.or(qwordAt(pending), RAX);
    a.bind(same);
  }

  private void takePending(Label none) {
    a.xor(R12, R12);
    a.xchg(qwordAt(pending), R12);
    a.test(R12, R12);
    a.jcc(ZERO, none);
  }

  private void servePending(Label after) {
    final Label next = a.mark("next pending");
    a.bsf(RCX, R12);
    a.jcc(ZERO, after);
    a.btr(R12, RCX);
    a.mov(RBX, new Memory(Size.QWORD, null, RCX, Long.BYTES, (int) devices));
    a.call(serve);
    a.jmp(next);
  }

  /// Says that the guest is about to halt, and looks once more.
  private void fallAsleep(Label awake) {
    a.mov(RAX, 1);
    // [MO-GUEST-2] FULL asleep = 1, by xchg. Partner: MO-GUEST-1. Orders: asleep before the look
    // at what is allowed.
    a.xchg(qwordAt(GuestControl.ASLEEP), RAX);
    a.cmp(R15, qwordAt(GuestControl.ALLOWED));
    a.jcc(NOT_EQUAL, awake);
  }

  /// With interrupts off before: one that came meanwhile ends the halt at once.
  private void halt() {
    guest.count(GuestCounter.HALTS);
    a.sti();
    a.hlt();
  }
}
