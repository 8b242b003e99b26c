package org.vbus.proxy.guest;

/// A device that a driver cannot drive: the message says why.
public final class DriverException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// With the reason.
  public DriverException(String message) {
    super(message);
  }
}
