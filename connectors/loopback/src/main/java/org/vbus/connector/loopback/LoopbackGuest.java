package org.vbus.connector.loopback;

import org.vbus.core.bus.Bus;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.program.GuestProgram;
import org.vbus.proxy.program.ProgramGuest;

/// A [Loopback] together with the guest at its other end: one thread that is the processor and runs
/// a program.
public final class LoopbackGuest extends ProgramGuest {
  private final Loopback loopback;

  /// A guest that is not running yet.
  public LoopbackGuest(
      Bus bus, LoopMap loops, SignalPolicy policy, long memoryBytes, GuestProgram program) {
    GuestCpu cpu = new GuestCpu();
    Loopback boundary = new Loopback(bus, loops, policy, memoryBytes, cpu);
    super(bus.name(), boundary, boundary.guest(), cpu, program);
    this.loopback = boundary;
  }

  /// Bytes of guest memory that are still mapped, 0 once closed.
  public long mappedBytes() {
    return loopback.mappedBytes();
  }
}
