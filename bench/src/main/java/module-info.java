/// Exits per I/O, and rates next to those of others.
@org.jspecify.annotations.NullMarked
module org.vbus.bench {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires org.vbus.linux;
  requires org.vbus.connector.kvm;
  requires org.vbus.connector.loopback;
  requires org.vbus.connector.vhostuser;
  requires org.vbus.devices;
  requires org.vbus.proxy;
  requires org.vbus.stack;
  requires org.vbus.venet;
  requires com.google.guice;
  requires java.management;
  requires jdk.management;
  requires HdrHistogram;

  exports org.vbus.bench;
  exports org.vbus.bench.load;
  exports org.vbus.bench.peers;
  exports org.vbus.bench.report;
  exports org.vbus.bench.scale;
  exports org.vbus.bench.station to
      org.vbus.stack;

  provides org.vbus.stack.spi.DevicePlugin with
      org.vbus.bench.station.StationPlugin;
}
