/// The virtio network device, its L2 switch, tap uplinks and capture.
@org.jspecify.annotations.NullMarked
module org.vbus.venet {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires transitive org.vbus.stack;
  requires org.vbus.linux;
  requires io.netty.buffer;
  requires com.lmax.disruptor;

  exports org.vbus.venet;
  exports org.vbus.venet.capture;
  exports org.vbus.venet.l2;

  opens org.vbus.venet to
      com.google.guice;

  provides org.vbus.stack.spi.DevicePlugin with
      org.vbus.venet.VenetPlugin;
  provides org.vbus.stack.spi.SwitchPlugin with
      org.vbus.venet.L2SwitchPlugin;
}
