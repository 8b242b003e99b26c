package org.vbus.tests.contract;

import java.util.ArrayList;
import java.util.List;
import java.util.function.IntConsumer;
import java.util.function.IntUnaryOperator;
import org.vbus.core.connector.GuestConnector;
import org.vbus.core.feature.Feature;
import org.vbus.fixture.stack.EchoGuest;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.proxy.driver.VirtioInit;
import org.vbus.proxy.driver.VirtioTransport;
import org.vbus.proxy.guest.Guest;

/// A guest with one device of many queues, each with a priority level of its own, that notes the
/// order in which the handlers of the queues are called.
final class LeveledGuest {
  private static final int BYTES = 64;

  private final Guest guest;
  private final GuestCpu cpu;
  private final IntUnaryOperator levels;
  private final DriverQueue[] queues;
  private final List<Integer> order = new ArrayList<>();
  private IntConsumer onHandled = count -> {};
  private VirtioTransport device;

  LeveledGuest(GuestConnector connector, GuestCpu cpu, int queues, IntUnaryOperator levels) {
    this.guest = new Guest(connector, cpu);
    this.cpu = cpu;
    this.levels = levels;
    this.queues = new DriverQueue[queues];
    guest
        .bus()
        .driver(
            ProbeDevice.DEVICE_ID,
            (g, transport) -> {
              bind(transport);
              return () -> VirtioInit.reset(transport);
            });
  }

  private void bind(VirtioTransport transport) {
    GuestHeap heap = guest.heap();
    long features = VirtioInit.negotiate(transport, Feature.VERSION_1.mask());
    for (int i = 0; i < queues.length; i++) {
      int queue = i;
      queues[i] = DriverQueue.create(i, 8, features, 0, heap, guest.ledger());
      transport.enableQueue(i, queues[i].addresses(), levels.applyAsInt(i), () -> handled(queue));
    }
    VirtioInit.driverOk(transport);
    device = transport;
  }

  private void handled(int queue) {
    while (queues[queue].nextUsed() >= 0) {
      order.add(queue);
      onHandled.accept(order.size());
    }
  }

  /// Binds the device.
  void start() {
    guest.bus().start();
    run("the device", () -> device != null && !guest.busy());
  }

  /// Offers one request on a queue.
  void request(int queue) {
    GuestHeap heap = guest.heap();
    long at = heap.allocate(2 * BYTES, 64);
    queues[queue].begin();
    queues[queue].out(heap.gpa(at), BYTES);
    queues[queue].in(heap.gpa(at + BYTES), BYTES);
    queues[queue].commit(0);
    if (queues[queue].publish()) {
      device.kick(queue);
    }
  }

  /// Hears how many requests were handled, after each.
  void onHandled(IntConsumer listener) {
    onHandled = listener;
  }

  /// Runs the guest until so many requests were handled.
  void runUntil(int count) {
    run("request " + count, () -> order.size() >= count);
  }

  private void run(String what, java.util.function.BooleanSupplier done) {
    long deadline = System.nanoTime() + EchoGuest.LIMIT;
    while (!done.getAsBoolean()) {
      if (guest.poll() == 0 && !guest.busy() && !done.getAsBoolean()) {
        cpu.halt(EchoGuest.LIMIT);
      }
      if (System.nanoTime() > deadline) {
        throw new AssertionError("the guest sleeps while it waits for " + what);
      }
    }
  }

  /// Queues in the order in which they were handled.
  List<Integer> order() {
    return order;
  }
}
