package org.vbus.connector.kvm;

import java.io.IOException;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;
import org.vbus.linux.Kvm;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.program.GuestProgram;
import org.vbus.proxy.program.ProgramGuest;

/// A [KvmHost] together with a guest in Java whose accesses and interrupts are those of the
/// machine, see [KvmAgent].
public final class KvmGuest extends ProgramGuest {
  private final Kvm kvm;

  /// A guest that is not running yet.
  ///
  /// @param kvm belongs to this
  /// @throws IOException with a line that says what to do
  public KvmGuest(
      Kvm kvm,
      Bus bus,
      LoopMap loops,
      SignalPolicy policy,
      KvmOptions options,
      GuestProgram program)
      throws IOException {
    GuestCpu cpu = new GuestCpu();
    KvmHost host = new KvmHost(kvm, bus, loops, policy, options);
    super(bus.name(), host, new KvmAgent(host, cpu), cpu, program);
    this.kvm = kvm;
  }

  @Override
  public void close() {
    super.close();
    kvm.close();
  }
}
