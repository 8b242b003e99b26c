package org.vbus.connector.kvm;

import com.google.inject.AbstractModule;
import java.io.IOException;
import java.util.Map;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.HostConnector;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.LoopMap;
import org.vbus.linux.Kvm;
import org.vbus.proxy.program.GuestProgram;
import org.vbus.proxy.program.GuestPrograms;
import org.vbus.stack.spi.Parts;

/// Connects a bus to a virtual machine, driven by a program.
public final class KvmModule extends AbstractModule {
  private static final long PAGE = 4096;

  private final String bus;
  private final KvmConfig config;
  private final GuestProgram program;

  /// The guest of `bus`.
  ///
  /// @throws org.vbus.stack.config.BadConfigException when there is no such program
  public KvmModule(String bus, KvmConfig config) {
    this.bus = bus;
    this.config = config;
    Map<String, GuestProgram> programs = GuestPrograms.all();
    GuestProgram found = programs.get(config.guest().value());
    if (found == null) {
      throw config.guest().unknown("guest program", programs.keySet());
    }
    this.program = found;
  }

  @Override
  protected void configure() {
    Parts.connector(binder(), bus).toInstance(this::open);
  }

  private HostConnector open(Bus served, LoopMap loops, SignalPolicy policy) throws IOException {
    KvmOptions options =
        KvmOptions.of(config.memory() & -PAGE).with(config.kicks()).with(config.interrupts());
    Kvm kvm = Kvm.open();
    try {
      return new KvmGuest(kvm, served, loops, policy, options, program);
    } catch (IOException | RuntimeException e) {
      kvm.close();
      throw e;
    }
  }
}
