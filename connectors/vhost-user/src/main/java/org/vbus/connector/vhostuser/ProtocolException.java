package org.vbus.connector.vhostuser;

import java.io.IOException;

/// The other side broke the protocol, or asks for what cannot be had: the connection ends. The
/// message is what the one line about it says.
public final class ProtocolException extends IOException {
  private static final long serialVersionUID = 1L;

  ProtocolException(String message) {
    super(message);
  }

  ProtocolException(String message, Throwable cause) {
    super(message, cause);
  }
}
