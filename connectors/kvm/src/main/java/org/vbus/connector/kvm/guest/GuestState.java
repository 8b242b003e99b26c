package org.vbus.connector.kvm.guest;

/// Where a guest stands. Its code is in [GuestCounters], and what the guest writes to
/// [org.vbus.connector.kvm.KvmLayout#REPORT_PORT] when it enters one of the last three.
public enum GuestState {
  /// Looks for its devices.
  BOOTING,
  /// Devices are set up; the host may let it begin.
  READY,
  /// Makes requests.
  RUNNING,
  /// All requests were answered, or the host said stop.
  DONE,
  /// Met something it was not written for; see [GuestCounters#panic()].
  PANIC;

  /// Number that stands for this state.
  public int code() {
    return ordinal();
  }
}
