package org.vbus.connector.kvm;

/// How an interrupt is raised in the guest.
public enum InterruptDelivery {
  /// By an event descriptor per vector: a write(2) each.
  IRQFD,
  /// By `KVM_SIGNAL_MSI`: an ioctl(2) each, no descriptor.
  MSI
}
