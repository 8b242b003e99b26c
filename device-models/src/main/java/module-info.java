/// Device models other than the network card.
@org.jspecify.annotations.NullMarked
module org.vbus.devices {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires org.vbus.stack;

  exports org.vbus.devices.template;
}
