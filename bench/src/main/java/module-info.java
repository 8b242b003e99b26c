/// Exits per I/O.
@org.jspecify.annotations.NullMarked
module org.vbus.bench {
  requires static transitive org.jspecify;
  requires org.vbus.stack;
  requires org.vbus.connector.loopback;
  requires org.vbus.devices;
  requires java.management;
  requires HdrHistogram;

  exports org.vbus.bench.report;
}
