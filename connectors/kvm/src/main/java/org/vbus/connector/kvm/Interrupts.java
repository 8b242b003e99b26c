package org.vbus.connector.kvm;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicReferenceArray;
import java.util.concurrent.atomic.LongAdder;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.connector.InterruptSink;
import org.vbus.core.ledger.Repeats;
import org.vbus.linux.EventFd;
import org.vbus.linux.KvmMachine;
import org.vbus.linux.KvmRoute;

/// Raises message-signalled interrupts in a guest's local APIC. A vector that is pending already
/// stays pending once, as on hardware. Any thread.
final class Interrupts implements InterruptSink, AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Interrupts.class);

  private final KvmMachine machine;
  private final boolean byDescriptor;
  private final AtomicReferenceArray<@Nullable EventFd> events =
      new AtomicReferenceArray<>(KvmLayout.SPURIOUS_VECTOR);
  private final LongAdder sent = new LongAdder();
  private final Repeats failures = new Repeats();
  private boolean closed;

  Interrupts(KvmMachine machine, InterruptDelivery delivery) throws IOException {
    this.machine = machine;
    this.byDescriptor = delivery == InterruptDelivery.IRQFD;
    if (byDescriptor) {
      List<KvmRoute> routes = new ArrayList<>();
      for (int v = KvmLayout.FIRST_VECTOR; v < KvmLayout.SPURIOUS_VECTOR; v++) {
        routes.add(new KvmRoute(v, KvmLayout.LOCAL_APIC, v));
      }
      machine.routes(routes);
    }
  }

  /// Whether a guest may use `vector` for interrupts of the host.
  static boolean isVector(int vector) {
    return vector >= KvmLayout.FIRST_VECTOR && vector < KvmLayout.SPURIOUS_VECTOR;
  }

  /// Interrupts raised.
  long sent() {
    return sent.sum();
  }

  /// Does nothing for what is no vector of an interrupt: the guest named it.
  @Override
  public void interrupt(int vector) {
    if (!isVector(vector)) {
      return;
    }
    sent.increment();
    if (byDescriptor) {
      EventFd event = events.getAcquire(vector);
      if (event == null) {
        event = create(vector);
      }
      if (event != null) {
        event.signal();
      }
    } else {
      int _ = machine.signalMsi(KvmLayout.LOCAL_APIC, vector);
    }
  }

  /// The first interrupt of a vector makes its descriptor.
  private synchronized @Nullable EventFd create(int vector) {
    EventFd event = events.get(vector);
    if (event != null || closed) {
      return event;
    }
    try {
      event = EventFd.create();
      machine.irqfd(event, vector);
    } catch (IOException e) {
      if (event != null) {
        event.close();
      }
      if (failures.worthALine()) {
        LOG.warn("interrupt {} cannot be raised: {}", vector, e.getMessage());
      }
      return null;
    }
    events.setRelease(vector, event);
    return event;
  }

  @Override
  public synchronized void close() {
    closed = true;
    for (int i = 0; i < events.length(); i++) {
      EventFd event = events.get(i);
      if (event != null) {
        event.close();
      }
    }
  }
}
