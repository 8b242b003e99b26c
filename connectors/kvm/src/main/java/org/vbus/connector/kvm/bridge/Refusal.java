package org.vbus.connector.kvm.bridge;

/// A call of the guest that is not carried out: the error it gets, and why, for the log.
final class Refusal extends Exception {
  private static final long serialVersionUID = 1L;

  private final int errno;

  Refusal(int errno, String why) {
    super(why, null, false, false);
    this.errno = errno;
  }

  int errno() {
    return errno;
  }
}
