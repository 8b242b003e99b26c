/// Both halves of a connector in one JVM.
@org.jspecify.annotations.NullMarked
module org.vbus.connector.loopback {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires transitive org.vbus.proxy;
  requires org.vbus.stack;

  exports org.vbus.connector.loopback;
}
