package org.vbus.venet;

/// Token bucket in front of the transmit queues of a device, in bytes of frames.
///
/// The rate is set by any thread; the loops that poll the transmit queues of the device share the
/// bucket, which costs a lock per frame while there is a rate and nothing otherwise. The bucket
/// holds 10 ms of the rate, at least one full frame. A frame may overdraw it, which delays the next
/// one. Credit is kept in bytes times nanoseconds per second, so that nothing is rounded away
/// however often it is filled.
final class Pacer {
  private static final long NANOS = 1_000_000_000L;
  private static final long LEAST_BURST = 1 << 16;

  /// Bytes per second, 0 = unlimited.
  private volatile long rate;

  /// Bytes that may be sent, times [#NANOS].
  private long credit;

  private long filledAt;
  private volatile boolean limited;

  /// The rate as text: `unlimited` or Mbit/s.
  String rate() {
    long now = rate;
    return now == 0 ? "unlimited" : Long.toString(now / 125_000);
  }

  void rate(String text) {
    if (text.equals("unlimited")) {
      rate = 0;
      return;
    }
    long mbits;
    try {
      mbits = Long.parseLong(text);
    } catch (NumberFormatException e) {
      mbits = 0;
    }
    if (mbits < 1 || mbits > 1_000_000) {
      throw new IllegalArgumentException(
          "rate is unlimited or Mbit/s from 1 to 1000000, not " + text);
    }
    rate = mbits * 125_000;
  }

  void refill(long now) {
    long bytes = rate;
    if (bytes != 0) {
      refill(bytes, now);
    } else if (limited) {
      limited = false;
    }
  }

  private synchronized void refill(long bytes, long now) {
    // At most 1.25e9 * NANOS: neither this nor twice as much leaves a long.
    long full = Math.max(bytes / 100, LEAST_BURST) * NANOS;
    if (limited) {
      // Another loop may have filled it a moment later than `now`.
      long elapsed = Math.clamp(now - filledAt, 0, full / bytes + 1);
      credit = Math.min(full, credit + elapsed * bytes);
    } else {
      limited = true;
      credit = full;
    }
    filledAt = now;
  }

  /// How many frames may go before this is asked again, up to `most`: one at a time while there is
  /// a rate.
  int allows(int most) {
    if (!limited || most == 0) {
      return most;
    }
    return hasCredit() ? 1 : 0;
  }

  private synchronized boolean hasCredit() {
    return credit > 0;
  }

  void take(long bytes) {
    if (limited) {
      spend(bytes);
    }
  }

  private synchronized void spend(long bytes) {
    credit -= bytes * NANOS;
  }

  /// How long until the next frame is allowed, [Long#MAX_VALUE] when one is allowed now and only a
  /// kick is worth waking for.
  long waitNanos() {
    long bytes = rate;
    return !limited || bytes == 0 ? Long.MAX_VALUE : waitNanos(bytes);
  }

  private synchronized long waitNanos(long bytes) {
    return credit > 0 ? Long.MAX_VALUE : -credit / bytes + 1;
  }
}
