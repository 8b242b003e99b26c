/// The vbus command.
@org.jspecify.annotations.NullMarked
module org.vbus.cli {
  requires static transitive org.jspecify;
  requires org.vbus.bench;
  requires org.vbus.connector.kvm;
  requires org.vbus.connector.vhostuser;
  requires org.vbus.linux;
  requires org.vbus.stack;
  requires org.vbus.venet;
  requires ch.qos.logback.classic;
  requires ch.qos.logback.core;
  requires info.picocli;
  requires org.slf4j;

  opens org.vbus.cli to
      info.picocli;

  provides ch.qos.logback.classic.spi.Configurator with
      org.vbus.cli.Logging;
}
