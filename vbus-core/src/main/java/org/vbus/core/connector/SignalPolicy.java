package org.vbus.core.connector;

/// How signals of devices become interrupts of the guest.
public enum SignalPolicy {
  /// Each signal is an interrupt of its own, on the vector the driver gave that queue.
  DIRECT(0),
  /// Signals go to the event ring of their priority level; the guest is interrupted only for the
  /// first one while it is not looking.
  RING(1),
  /// No interrupt at all; the guest polls its queues.
  POLLED(2);

  private final int code;

  SignalPolicy(int code) {
    this.code = code;
  }

  /// Number by which a guest is told.
  public int code() {
    return code;
  }

  /// The policy with that number.
  ///
  /// @throws IllegalArgumentException when there is none
  public static SignalPolicy of(int code) {
    for (SignalPolicy policy : values()) {
      if (policy.code == code) {
        return policy;
      }
    }
    throw new IllegalArgumentException("no signal policy has number " + code);
  }
}
