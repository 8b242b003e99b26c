package org.vbus.core.connector;

/// Where a host sends interrupts of one guest: its processor, an eventfd, an MSI route.
public interface InterruptSink {
  /// Makes interrupt `vector` pending; any thread, never blocks. Interrupts that are pending
  /// already merge.
  void interrupt(int vector);
}
