/// The virtio network device.
@org.jspecify.annotations.NullMarked
module org.vbus.venet {
  requires static transitive org.jspecify;
  requires org.vbus.core;
  requires org.vbus.stack;
  requires org.vbus.linux;
  requires io.netty.buffer;
  requires com.lmax.disruptor;

  exports org.vbus.venet.capture;
  exports org.vbus.venet.l2;
}
