package org.vbus.connector.kvm;

/// Why a vCPU came back to this process, as its thread counts it.
public enum UserExit {
  /// The guest wrote to a port.
  PORT_WRITE("portWrites"),
  /// The guest read a port.
  PORT_READ("portReads"),
  /// The guest wrote where no memory is.
  MMIO_WRITE("mmioWrites"),
  /// The guest read where no memory is.
  MMIO_READ("mmioReads"),
  /// The kernel let go for a signal.
  SIGNAL("signals"),
  /// Anything else; mostly the last one.
  OTHER("others");

  private final String key;

  UserExit(String key) {
    this.key = key;
  }

  /// Name in reports.
  public String key() {
    return key;
  }
}
