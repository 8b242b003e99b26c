package org.vbus.linux;

import java.io.IOException;

/// A system call failed while something was opened or configured. The message is one line for a
/// user: `tap vbus0: EBUSY: device or resource busy (TUNSETIFF). Another process holds it ...`.
public final class SystemCallException extends IOException {
  private static final long serialVersionUID = 1L;

  private final String call;
  private final String what;
  private final int errno;

  SystemCallException(String what, String call, int errno) {
    this(what, call, errno, "");
  }

  /// @param what the thing the user asked for
  /// @param call the system call, or the ioctl's name
  /// @param errno positive
  /// @param advice a sentence on what to do, or empty
  SystemCallException(String what, String call, int errno, String advice) {
    super(
        what
            + ": "
            + Errno.describe(errno)
            + " ("
            + call
            + ")"
            + (advice.isEmpty() ? "" : ". " + advice));
    this.call = call;
    this.what = what;
    this.errno = errno;
  }

  /// Passes a call's result through, or throws if it is a negative errno.
  static int check(String what, String call, int result) throws SystemCallException {
    if (result < 0) {
      throw new SystemCallException(what, call, -result);
    }
    return result;
  }

  /// The system call, or for ioctl the name of the request.
  public String call() {
    return call;
  }

  public String what() {
    return what;
  }

  /// Positive, one of [Errno].
  public int errno() {
    return errno;
  }
}
