/// Device models other than the network card.
@org.jspecify.annotations.NullMarked
module org.vbus.devices {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires transitive org.vbus.stack;

  exports org.vbus.devices.template;

  provides org.vbus.stack.spi.DevicePlugin with
      org.vbus.devices.template.TemplatePlugin;
}
