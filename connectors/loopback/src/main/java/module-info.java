/// Both halves of a connector in one JVM.
@org.jspecify.annotations.NullMarked
module org.vbus.connector.loopback {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires transitive org.vbus.proxy;
  requires transitive org.vbus.stack;
  requires org.slf4j;

  exports org.vbus.connector.loopback;

  provides org.vbus.stack.spi.ConnectorPlugin with
      org.vbus.connector.loopback.LoopbackPlugin;
}
