/// Both halves in one JVM.
@org.jspecify.annotations.NullMarked
module org.vbus.connector.loopback {
  requires static transitive org.jspecify;
  requires org.vbus.core;
  requires org.vbus.proxy;
  requires org.vbus.stack;
}
