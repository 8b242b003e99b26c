package org.vbus.bench.peers;

import java.util.Locale;

/// Which way frames go, named by what a back-end does that is measured alone.
public enum Mode {
  /// The guest sends, the back-end takes and drops.
  RXONLY,
  /// The back-end sends, the guest takes and drops.
  TXONLY,
  /// A closed loop over one port: the back-end sends back what it gets.
  IO,
  /// A closed loop over two ports: a switch between two guests.
  GUESTS;

  /// Ports of the back-end.
  int ports() {
    return this == GUESTS ? 2 : 1;
  }

  /// Whether a fixed number of frames goes round, so that none may be lost.
  boolean isClosedLoop() {
    return this == IO || this == GUESTS;
  }

  /// As in options and reports.
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
