package org.vbus.tests.contract;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.io.UncheckedIOException;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.vbus.connector.kvm.InterruptDelivery;
import org.vbus.connector.kvm.KickDelivery;
import org.vbus.connector.kvm.KvmAgent;
import org.vbus.connector.kvm.KvmHost;
import org.vbus.connector.kvm.KvmOptions;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.GuestConnector;
import org.vbus.core.connector.HostConnector;
import org.vbus.core.connector.InterruptSink;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.Waiter;
import org.vbus.linux.Kvm;
import org.vbus.stack.EpollWaiter;

/// The drivers are in Java; registers, kicks and interrupts are those of a vCPU.
class KvmConnectorTest {
  private static Kvm kvm;

  @BeforeAll
  static void open() throws IOException {
    String problem = Kvm.problem();
    assumeTrue(problem.isEmpty(), problem);
    kvm = Kvm.open();
  }

  @AfterAll
  static void close() {
    if (kvm != null) {
      kvm.close();
    }
  }

  abstract static class Contract extends ConnectorContract {
    private final KickDelivery kicks;
    private final InterruptDelivery interrupts;

    Contract(KickDelivery kicks, InterruptDelivery interrupts) {
      this.kicks = kicks;
      this.interrupts = interrupts;
    }

    @Override
    protected Waiter waiter() {
      try {
        return new EpollWaiter();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }

    @Override
    protected boolean interruptsMerge() {
      return true;
    }

    @Override
    protected Boundary connect(
        Bus bus, LoopMap loops, SignalPolicy policy, long memoryBytes, InterruptSink sink) {
      try {
        KvmOptions options =
            KvmOptions.of(KvmAgent.MEMORY_BASE + memoryBytes).with(kicks).with(interrupts);
        KvmHost host = new KvmHost(kvm, bus, loops, policy, options);
        return new Pair(host, new KvmAgent(host, sink));
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  private record Pair(HostConnector host, GuestConnector guest) implements Boundary {
    @Override
    public void close() {
      guest.close();
      host.close();
    }
  }

  @Nested
  class Trapped extends Contract {
    Trapped() {
      super(KickDelivery.TRAPPED, InterruptDelivery.MSI);
    }
  }

  @Nested
  class ByDescriptor extends Contract {
    ByDescriptor() {
      super(KickDelivery.EVENTFD, InterruptDelivery.IRQFD);
    }
  }
}
