package org.vbus.tests.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.util.concurrent.locks.LockSupport;
import java.util.function.BooleanSupplier;
import org.vbus.connector.kvm.KvmHost;
import org.vbus.connector.kvm.KvmOptions;
import org.vbus.connector.kvm.guest.GuestControl;
import org.vbus.connector.kvm.guest.GuestCounters;
import org.vbus.connector.kvm.guest.GuestProgram;
import org.vbus.connector.kvm.guest.GuestState;
import org.vbus.connector.kvm.guest.Vectors;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.PollLoop;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.linux.Kvm;

/// A machine that runs a program, on a bus of echo devices.
final class KvmLab implements AutoCloseable {
  private static final long PATIENCE = 60_000_000_000L;

  final Bus bus;
  final KvmHost host;
  final GuestCounters counters;
  final GuestControl control;

  KvmLab(
      Kvm kvm,
      PollLoop loop,
      SignalPolicy policy,
      KvmOptions options,
      ProbeDevice.Behaviour behaviour,
      int devices,
      GuestProgram program)
      throws IOException {
    bus = new Bus("vm", 64);
    for (int i = 0; i < devices; i++) {
      ProbeDevice device = new ProbeDevice(1);
      device.behave(behaviour);
      bus.plug("probe" + i, device);
    }
    host = new KvmHost(kvm, bus, LoopMap.single(loop), policy, options);
    host.load(program);
    counters = new GuestCounters(host.memory());
    control = new GuestControl(host.memory());
  }

  static void requireKvm() {
    String problem = Kvm.problem();
    assumeTrue(problem.isEmpty(), problem);
  }

  KvmLab start() {
    host.start();
    return this;
  }

  void allow(long requests) {
    if (control.allow(requests)) {
      host.interrupt(Vectors.CONTROL);
    }
  }

  /// Waits until the guest has come so far.
  void await(GuestState state) {
    await(() -> counters.state().compareTo(state) >= 0);
    assertThat(counters.state()).as("%s", counters).isNotEqualTo(GuestState.PANIC);
  }

  void await(BooleanSupplier done) {
    long deadline = System.nanoTime() + PATIENCE;
    while (!done.getAsBoolean()) {
      assertThat(System.nanoTime()).as("%s %s", counters, host.ended()).isLessThan(deadline);
      LockSupport.parkNanos(100_000);
    }
  }

  @Override
  public void close() {
    host.close();
  }
}
