/// The north side in Java: a guest's processor, its mirror of the bus, drivers.
@org.jspecify.annotations.NullMarked
module org.vbus.proxy {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires org.slf4j;

  exports org.vbus.proxy.cpu;
  exports org.vbus.proxy.driver;
  exports org.vbus.proxy.guest;
}
