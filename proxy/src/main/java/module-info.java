/// The north side in Java.
@org.jspecify.annotations.NullMarked
module org.vbus.proxy {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
}
