package org.vbus.venet;

import com.google.inject.AbstractModule;
import com.google.inject.Inject;
import com.google.inject.Key;
import com.google.inject.Provider;
import com.google.inject.Singleton;
import com.google.inject.TypeLiteral;
import com.google.inject.multibindings.MapBinder;
import com.google.inject.name.Names;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.vbus.stack.Loops;
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
    bind(TapNames.class).in(Singleton.class);
    bind(key).toProvider(new Switches(name, config)).in(Singleton.class);
    MapBinder.newMapBinder(
            binder(), new TypeLiteral<String>() {}, new TypeLiteral<L2SwitchService>() {})
        .addBinding(name)
        .to(key);
    Parts.service(binder()).to(key);
    Parts.status(binder()).to(key);
  }

  /// Makes the switch once there are loops.
  private static final class Switches implements Provider<L2SwitchService> {
    private final String name;
    private final L2SwitchConfig config;
    private @Nullable Loops loops;
    private @Nullable TapNames taken;

    Switches(String name, L2SwitchConfig config) {
      this.name = name;
      this.config = config;
    }

    @Inject
    void needs(Loops all, TapNames names) {
      loops = all;
      taken = names;
    }

    @Override
    public L2SwitchService get() {
      return new L2SwitchService(
          name, config, Objects.requireNonNull(loops), Objects.requireNonNull(taken));
    }
  }
}
