package org.vbus.connector.kvm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.bus.BusListener;
import org.vbus.core.bus.DeviceRegisters;
import org.vbus.core.bus.Slot;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.ledger.Event;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.PollLoop;
import org.vbus.linux.EventFd;
import org.vbus.linux.KvmDoorbell;
import org.vbus.linux.KvmMachine;

/// Lets kicks of a guest wake poll loops by way of the kernel: an event descriptor for each queue
/// of each device, rung by the notify register and by the kick port.
///
/// Called by the bus, whose control threads take turns.
final class Doorbells implements BusListener, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Doorbells.class);
  private static final int LENGTH = Integer.BYTES;

  private final KvmMachine machine;
  private final LoopMap loops;
  private final Map<Integer, List<Bell>> bells = new HashMap<>();

  private record Bell(EventFd event, PollLoop loop) {
    void close() {
      loop.waiter().unwatch(event.fd().number());
      event.close();
    }
  }

  Doorbells(KvmMachine machine, LoopMap loops) {
    this.machine = machine;
    this.loops = loops;
  }

  @Override
  public synchronized void plugged(Slot slot) {
    List<Bell> own = new ArrayList<>();
    bells.put(slot.index(), own);
    try {
      for (int queue = 0; queue < slot.device().queueCount(); queue++) {
        own.add(install(slot, queue));
      }
    } catch (IOException e) {
      // The guest's kicks stop it then, and arrive all the same.
      LOG.warn("{}: no doorbell for all queues: {}", slot.device().name(), e.getMessage());
    }
  }

  private Bell install(Slot slot, int queue) throws IOException {
    VirtioDevice device = slot.device();
    PollLoop loop = loops.loop(slot.index(), queue);
    EventFd event = EventFd.create();
    try {
      machine.ioeventfd(event, register(slot).matching(queue));
      machine.ioeventfd(event, port(slot).matching(queue));
      loop.waiter()
          .watch(event.fd().number(), () -> device.ledger(queue).add(Event.KICKS, event.drain()));
      return new Bell(event, loop);
    } catch (IOException | RuntimeException e) {
      event.close();
      throw e;
    }
  }

  private static KvmDoorbell register(Slot slot) {
    return KvmDoorbell.mmio(
        KvmLayout.window(1 + slot.index()) + DeviceRegisters.QUEUE_NOTIFY, LENGTH);
  }

  private static KvmDoorbell port(Slot slot) {
    return KvmDoorbell.port(KvmLayout.kickPort(slot.index()), LENGTH);
  }

  @Override
  public synchronized void unplugging(Slot slot) {
    List<Bell> own = bells.remove(slot.index());
    if (own == null) {
      return;
    }
    for (int queue = 0; queue < own.size(); queue++) {
      Bell bell = own.get(queue);
      try {
        machine.removeIoeventfd(bell.event, register(slot).matching(queue));
        machine.removeIoeventfd(bell.event, port(slot).matching(queue));
      } catch (IOException e) {
        LOG.warn("{}: doorbell not removed: {}", slot.device().name(), e.getMessage());
      }
      bell.close();
    }
  }

  /// Once the guest runs no more.
  @Override
  public synchronized void close() {
    bells.values().forEach(own -> own.forEach(Bell::close));
    bells.clear();
  }
}
