/// vhost-user: both halves of the protocol.
@org.jspecify.annotations.NullMarked
module org.vbus.connector.vhostuser {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires transitive org.vbus.linux;
  requires transitive org.vbus.proxy;
  requires transitive org.vbus.stack;
  requires org.slf4j;

  exports org.vbus.connector.vhostuser;

  provides org.vbus.stack.spi.ConnectorPlugin with
      org.vbus.connector.vhostuser.VhostUserPlugin;
}
