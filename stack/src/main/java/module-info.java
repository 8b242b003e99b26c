/// Composition of a stack from configuration.
@org.jspecify.annotations.NullMarked
module org.vbus.stack {
  requires transitive org.jspecify; // not static: @Nullable on records is read at run time
  requires transitive org.vbus.core;
  requires org.vbus.linux;
  requires transitive com.google.guice;
  requires com.google.common;
  requires typesafe.config;

  exports org.vbus.stack.config;
}
