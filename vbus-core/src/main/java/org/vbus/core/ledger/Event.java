package org.vbus.core.ledger;

/// What crosses the boundary between guest and host, or was kept from crossing it.
public enum Event {
  /// Notifications driver to device that crossed.
  KICKS("kicks"),
  /// Notifications the driver did not send because the device asked for none.
  KICKS_SUPPRESSED("kicksSuppressed"),
  /// Reads and writes of device registers, each of which stops the guest.
  REGISTER_ACCESSES("registerAccesses"),
  /// Times the guest's execution was diverted.
  INTERRUPTS("interrupts"),
  /// Notifications the device asked for.
  SIGNALS("signals"),
  /// Publications for which the driver asked for no notification.
  SIGNALS_SUPPRESSED("signalsSuppressed"),
  /// Signals that needed no interrupt because the guest was already told, or already looking.
  SIGNALS_COALESCED("signalsCoalesced"),
  /// Times the host had to wake a sleeping poll loop.
  WAKES("wakes"),
  /// Times the guest stopped its processor for want of work.
  HALTS("halts"),
  /// Copies of payload.
  COPIES("copies"),
  /// Bytes of payload copied.
  BYTES_COPIED("bytesCopied"),
  /// Completed requests.
  IOS("ios");

  private final String key;

  Event(String key) {
    this.key = key;
  }

  /// Name in reports.
  public String key() {
    return key;
  }
}
