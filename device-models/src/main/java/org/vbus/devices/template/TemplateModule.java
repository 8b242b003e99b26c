package org.vbus.devices.template;

import com.google.inject.AbstractModule;
import org.vbus.stack.spi.Parts;

/// Adds a template device to a bus.
public final class TemplateModule extends AbstractModule {
  private final String bus;
  private final String device;

  /// The device called `device` on `bus`.
  public TemplateModule(String bus, String device) {
    this.bus = bus;
    this.device = device;
  }

  @Override
  protected void configure() {
    Parts.device(binder(), bus, device).toInstance(new TemplateDevice());
  }
}
