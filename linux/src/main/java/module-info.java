/// System calls of Linux through the foreign function interface.
@org.jspecify.annotations.NullMarked
module org.vbus.linux {
  requires static transitive org.jspecify;
}
