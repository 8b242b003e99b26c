/// The north side in Java: a guest's processor, its mirror of the bus, drivers, programs.
@org.jspecify.annotations.NullMarked
module org.vbus.proxy {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires org.slf4j;

  exports org.vbus.proxy.cpu;
  exports org.vbus.proxy.driver;
  exports org.vbus.proxy.guest;
  exports org.vbus.proxy.program;

  uses org.vbus.proxy.program.GuestProgram;

  provides org.vbus.proxy.program.GuestProgram with
      org.vbus.proxy.program.Forward,
      org.vbus.proxy.program.Idle;
}
