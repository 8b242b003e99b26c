/// System calls of Linux through the foreign function interface: the only module that needs
/// `--enable-native-access`.
@org.jspecify.annotations.NullMarked
module org.vbus.linux {
  requires static transitive org.jspecify;

  exports org.vbus.linux;
}
