/// Device models.
@org.jspecify.annotations.NullMarked
module org.vbus.devices {
  requires static transitive org.jspecify;
  requires org.vbus.core;
  requires org.vbus.stack;
}
