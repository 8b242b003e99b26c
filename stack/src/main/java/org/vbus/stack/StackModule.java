package org.vbus.stack;

import com.google.inject.AbstractModule;
import com.google.inject.Singleton;
import com.google.inject.TypeLiteral;
import com.google.inject.multibindings.MapBinder;
import com.google.inject.multibindings.Multibinder;
import com.google.inject.multibindings.OptionalBinder;
import org.vbus.core.device.DeviceModel;
import org.vbus.stack.spi.ConnectorFactory;
import org.vbus.stack.spi.Parts.DeviceKey;
import org.vbus.stack.spi.Service;
import org.vbus.stack.spi.StatusSource;

/// What every stack has: its loops, and a place for each kind of part, empty unless a module fills
/// it.
final class StackModule extends AbstractModule {
  @Override
  protected void configure() {
    OptionalBinder.newOptionalBinder(binder(), LoopsConfig.class)
        .setDefault()
        .toInstance(LoopsConfig.single());
    bind(Loops.class).in(Singleton.class);
    bind(Stack.class).in(Singleton.class);
    Multibinder.newSetBinder(binder(), BusPlan.class);
    Multibinder.newSetBinder(binder(), Service.class);
    Multibinder.newSetBinder(binder(), StatusSource.class);
    MapBinder.newMapBinder(binder(), DeviceKey.class, DeviceModel.class);
    MapBinder.newMapBinder(
        binder(), new TypeLiteral<String>() {}, TypeLiteral.get(ConnectorFactory.class));
  }
}
