package org.vbus.connector.kvm.guest;

/// Why a guest gave up. Codes below 0x100 are vectors: an exception, or an interrupt nobody asked
/// for.
public enum GuestPanic {
  NO_BUS("there is no vbus at the register windows"),
  WRONG_POLICY("the bus signals by another policy than the guest was written for"),
  TOO_FEW_DEVICES("the bus has fewer devices of the wanted kind"),
  NO_FEATURES("a device does not offer the wanted features, or refused them"),
  QUEUE_TOO_SMALL("a device's queue has too few entries"),
  EVENTS_REFUSED("the host refused the event rings"),
  CALL_FAILED("a call of the bridge returned an error"),
  WRONG_ANSWER("a device answered something else than it should");

  private static final int FIRST = 0x100;

  private final String text;

  GuestPanic(String text) {
    this.text = text;
  }

  /// What the guest writes to [org.vbus.connector.kvm.KvmLayout#PANIC_PORT].
  public int code() {
    return FIRST + ordinal();
  }

  /// A code for people.
  public static String text(int code) {
    int index = code - FIRST;
    return index >= 0 && index < values().length
        ? values()[index].text
        : "exception or interrupt 0x" + Integer.toHexString(code);
  }
}
