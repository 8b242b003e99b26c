package org.vbus.stack;

import com.google.inject.AbstractModule;
import com.google.inject.multibindings.OptionalBinder;

/// Sets the poll loops of a stack; without it there is one.
public final class LoopsModule extends AbstractModule {
  private final LoopsConfig config;

  /// These loops.
  public LoopsModule(LoopsConfig config) {
    this.config = config;
  }

  @Override
  protected void configure() {
    OptionalBinder.newOptionalBinder(binder(), LoopsConfig.class).setBinding().toInstance(config);
  }
}
