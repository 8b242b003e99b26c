package org.vbus.venet;

import com.google.inject.AbstractModule;
import com.google.inject.Key;
import com.google.inject.TypeLiteral;
import com.google.inject.multibindings.MapBinder;
import com.google.inject.name.Names;
import org.vbus.stack.spi.Parts;

/// Adds a switch with its taps and its capture.
public final class L2SwitchModule extends AbstractModule {
  private final String name;
  private final L2SwitchConfig config;

  /// The switch called `name`.
  public L2SwitchModule(String name, L2SwitchConfig config) {
    this.name = name;
    this.config = config;
  }

  @Override
  protected void configure() {
    Key<L2SwitchService> key = Key.get(L2SwitchService.class, Names.named(name));
    bind(key).toInstance(new L2SwitchService(name, config));
    MapBinder.newMapBinder(
            binder(), new TypeLiteral<String>() {}, new TypeLiteral<L2SwitchService>() {})
        .addBinding(name)
        .to(key);
    Parts.service(binder()).to(key);
    Parts.status(binder()).to(key);
  }
}
