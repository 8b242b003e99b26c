/// Composition of a stack from configuration or code.
@org.jspecify.annotations.NullMarked
module org.vbus.stack {
  requires transitive org.jspecify;
  requires transitive org.vbus.core;
  requires transitive com.google.guice;
  // Guice is an automatic module: what it needs is named here, so that it is resolved.
  requires com.google.common;
  requires jakarta.inject;
  requires typesafe.config;
  requires org.slf4j;
  requires org.vbus.linux;

  exports org.vbus.stack;
  exports org.vbus.stack.config;
  exports org.vbus.stack.spi;

  opens org.vbus.stack to
      com.google.guice;

  uses org.vbus.stack.spi.ConnectorPlugin;
  uses org.vbus.stack.spi.DevicePlugin;
  uses org.vbus.stack.spi.SwitchPlugin;
}
