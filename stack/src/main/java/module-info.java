/// Composition of a stack from configuration.
@org.jspecify.annotations.NullMarked
module org.vbus.stack {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires org.vbus.linux;
  requires transitive com.google.guice;
  requires com.google.common;
  requires typesafe.config;
}
