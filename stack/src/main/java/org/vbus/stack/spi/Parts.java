package org.vbus.stack.spi;

import com.google.inject.Binder;
import com.google.inject.TypeLiteral;
import com.google.inject.binder.LinkedBindingBuilder;
import com.google.inject.multibindings.MapBinder;
import com.google.inject.multibindings.Multibinder;
import org.vbus.core.device.DeviceModel;

/// Where the modules of plug-ins put their parts.
public final class Parts {
  private Parts() {}

  /// A device's place.
  public record DeviceKey(String bus, String device) {}

  /// The binding for the model of `device` on `bus`. A duplicate is an error of the composition.
  public static LinkedBindingBuilder<DeviceModel> device(Binder binder, String bus, String device) {
    return MapBinder.newMapBinder(binder, DeviceKey.class, DeviceModel.class)
        .addBinding(new DeviceKey(bus, device));
  }

  /// The binding for the connector of `bus`.
  public static LinkedBindingBuilder<ConnectorFactory> connector(Binder binder, String bus) {
    return MapBinder.newMapBinder(
            binder, new TypeLiteral<String>() {}, TypeLiteral.get(ConnectorFactory.class))
        .addBinding(bus);
  }

  /// A binding for a service; services start in the order in which they are bound.
  public static LinkedBindingBuilder<Service> service(Binder binder) {
    return Multibinder.newSetBinder(binder, Service.class).addBinding();
  }

  /// A binding for something with ports to show.
  public static LinkedBindingBuilder<StatusSource> status(Binder binder) {
    return Multibinder.newSetBinder(binder, StatusSource.class).addBinding();
  }
}
