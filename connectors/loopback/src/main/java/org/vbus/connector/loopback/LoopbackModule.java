package org.vbus.connector.loopback;

import com.google.inject.AbstractModule;
import java.util.Map;
import org.vbus.proxy.program.GuestProgram;
import org.vbus.proxy.program.GuestPrograms;
import org.vbus.stack.spi.Parts;

/// Connects a bus to a guest in this JVM that runs a program.
public final class LoopbackModule extends AbstractModule {
  private final String bus;
  private final LoopbackConfig config;
  private final GuestProgram program;

  /// The guest of `bus`.
  ///
  /// @throws org.vbus.stack.config.BadConfigException when there is no such program
  public LoopbackModule(String bus, LoopbackConfig config) {
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
    Parts.connector(binder(), bus)
        .toInstance((served, loops, policy) ->
            new LoopbackGuest(served, loops, policy, config.memory(), program));
  }
}
