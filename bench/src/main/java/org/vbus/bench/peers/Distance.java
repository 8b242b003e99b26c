package org.vbus.bench.peers;

import java.util.Locale;

/// How far apart two processors are, by the time in which a cache line goes from one to the other
/// and back. Virtual processors move; rates under different distances are not to be compared.
public enum Distance {
  /// Of one core complex: 55 to 90 ns where this was found out.
  NEAR(150),
  /// Of one socket: 330 to 390 ns.
  FAR(650),
  /// Anything beyond: above a microsecond.
  REMOTE(Double.POSITIVE_INFINITY);

  private final double limit;

  Distance(double limit) {
    this.limit = limit;
  }

  /// The class of a round trip.
  public static Distance of(double nanos) {
    for (Distance distance : values()) {
      if (nanos < distance.limit) {
        return distance;
      }
    }
    return REMOTE;
  }

  /// As in reports.
  public String text() {
    return name().toLowerCase(Locale.ROOT);
  }
}
