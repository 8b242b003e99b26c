/// Exits per I/O.
@org.jspecify.annotations.NullMarked
module org.vbus.bench {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires org.vbus.linux;
  requires org.vbus.connector.kvm;
  requires org.vbus.connector.loopback;
  requires org.vbus.devices;
  requires java.management;
  requires jdk.management;
  requires HdrHistogram;

  exports org.vbus.bench;
  exports org.vbus.bench.report;
}
