package org.vbus.venet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.Random;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The token bucket on a clock of our own.
class PacerTest {
  private static final long SECOND = 1_000_000_000L;

  private final Pacer pacer = new Pacer();

  /// Any point of the clock will do, also one just before it turns negative.
  private long now = Long.MAX_VALUE - SECOND;

  @BeforeEach
  void fill() {
    pacer.refill(now);
  }

  private void advance(long nanos) {
    now += nanos;
    pacer.refill(now);
  }

  /// Sends frames of `length` bytes as long as it may.
  private long sendAll(int length) {
    long bytes = 0;
    while (pacer.allows(9) > 0) {
      pacer.take(length);
      bytes += length;
    }
    return bytes;
  }

  @Test
  void withoutARateEverythingIsAllowedAndNothingIsWaitedFor() {
    for (int i = 0; i < 1_000_000; i++) {
      assertThat(pacer.allows(9)).isEqualTo(9);
      pacer.take(65535);
    }
    assertThat(pacer.waitNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(pacer.rate()).isEqualTo("unlimited");
  }

  /// However long a pass of the loop takes, also when it is shorter than a byte: the rate over ten
  /// seconds is exact to a frame.
  @ParameterizedTest
  @CsvSource({
    "1, 100",
    "1, 1999",
    "1, 7000",
    "1, 1000000",
    "10, 333",
    "10, 1999",
    "10, 50000",
    "1000, 100",
    "1000, 999999",
    "40000, 777"
  })
  void theRateHoldsWhateverTheStep(long mbits, long step) {
    pacer.rate(Long.toString(mbits));
    advance(step);
    sendAll(1514);
    long sent = 0;
    long passed = 0;
    long steps = Math.min(2_000_000, 10 * SECOND / step);
    for (long i = 0; i < steps; i++) {
      advance(step);
      passed += step;
      sent += sendAll(1514);
    }
    // Bytes per second are 125,000 times Mbit/s, so per nanosecond Mbit/s by 8000.
    long allowed = passed / 8000 * mbits + passed % 8000 * mbits / 8000;
    assertThat(sent).isBetween(allowed - 1514, allowed + 1514);
  }

  @ParameterizedTest
  @CsvSource({"1, 65536", "10, 65536", "100, 125000", "1000, 1250000", "1000000, 1250000000"})
  void theBucketHoldsTenMillisecondsAndAtLeastOneFrame(long mbits, long burst) {
    pacer.rate(Long.toString(mbits));
    advance(1);
    assertThat(sendAll(1000)).isBetween(burst, burst + 1000);
    advance(3600 * SECOND);
    assertThat(sendAll(1000)).as("after an hour").isBetween(burst, burst + 1000);
  }

  /// 1200 bytes into the red at 1250 bytes per millisecond.
  @Test
  void whoWaitsAsLongAsToldMaySendAndNotBefore() {
    pacer.rate("10");
    advance(1);
    sendAll(1);
    assertThat(pacer.allows(9)).isZero();
    pacer.take(1200);
    long wait = pacer.waitNanos();
    assertThat(wait).isEqualTo(960_001);
    advance(wait - 2);
    assertThat(pacer.allows(9)).isZero();
    assertThat(pacer.waitNanos()).isPositive();
    advance(2);
    assertThat(pacer.allows(9)).isEqualTo(1);
    assertThat(pacer.waitNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @Test
  void theLongestFrameIsNotWaitedForForEver() {
    pacer.rate("1");
    advance(1);
    sendAll(65535);
    advance(pacer.waitNanos());
    assertThat(pacer.allows(9)).isEqualTo(1);
  }

  @Test
  void aChangeOfTheRateNeitherStallsNorFloods() {
    Random random = new Random(1);
    pacer.rate("1000000");
    advance(SECOND);
    for (int i = 0; i < 1000; i++) {
      long mbits = random.nextLong(1, 1_000_001);
      pacer.rate(Long.toString(mbits));
      advance(random.nextLong(1, 1_000_001));
      long burst = Math.max(mbits * 1250, 65536);
      assertThat(sendAll(60)).isLessThanOrEqualTo(burst + 60);
      advance(pacer.waitNanos());
      assertThat(pacer.allows(9)).isEqualTo(1);
      assertThat(pacer.allows(0)).isZero();
    }
    pacer.rate("unlimited");
    advance(1);
    assertThat(pacer.allows(9)).isEqualTo(9);
    assertThat(pacer.waitNanos()).isEqualTo(Long.MAX_VALUE);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {"", "0", "-1", "1000001", "1.5", "1e3", "10 ", "UNLIMITED", "9223372036854775808"})
  void aRateThatCannotBeIsRefusedAndTheOldOneStays(String text) {
    pacer.rate("42");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> pacer.rate(text))
        .withMessage("rate is unlimited or Mbit/s from 1 to 1000000, not " + text);
    assertThat(pacer.rate()).isEqualTo("42");
  }
}
