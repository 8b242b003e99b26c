/// KVM: both halves of the connector to a virtual machine that runs tiny guests.
@org.jspecify.annotations.NullMarked
module org.vbus.connector.kvm {
  requires static transitive org.jspecify;
  requires transitive org.vbus.core;
  requires transitive org.vbus.linux;
  requires transitive org.vbus.proxy;
  requires transitive org.vbus.stack;
  requires org.slf4j;

  exports org.vbus.connector.kvm;
  exports org.vbus.connector.kvm.bridge;
  exports org.vbus.connector.kvm.guest;
  exports org.vbus.connector.kvm.x86;

  provides org.vbus.stack.spi.ConnectorPlugin with
      org.vbus.connector.kvm.KvmPlugin;
}
