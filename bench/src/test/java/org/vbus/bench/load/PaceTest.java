package org.vbus.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class PaceTest {
  /// A time that wraps soon, as they may.
  private final long start = Long.parseLong("7ffffffffffffc00", 16);

  private final Pace pace = new Pace(start, 1e6);

  @Test
  void theFirstFrameIsDueAtTheStartAndTheOthersAtEqualIntervals() {
    assertThat(pace.due(start - 1)).isZero();
    assertThat(pace.due(start)).isEqualTo(1);
    assertThat(pace.due(start + 999)).isEqualTo(1);
    assertThat(pace.due(start + 1000)).isEqualTo(2);
    assertThat(pace.due(start + 1_000_000_000)).isEqualTo(1_000_001);
  }

  @Test
  void whatWasTakenIsNotDueAgain() {
    pace.take();
    assertThat(pace.taken()).isEqualTo(1);
    assertThat(pace.due(start)).isZero();
    assertThat(pace.due(start + 5000)).isEqualTo(5);
  }

  @Test
  void aFrameThatIsLateKeepsTheTimeAtWhichItWasDue() {
    for (int i = 0; i < 3; i++) {
      assertThat(pace.due(start + 1_000_000)).isEqualTo(1001 - i);
      assertThat(pace.time()).isEqualTo(start + 1000L * i);
      pace.take();
    }
  }

  @Test
  void ratesThatAreNoWholeNumberOfNanosecondsDoNotDrift() {
    Pace odd = new Pace(0, 3e6);
    for (int i = 0; i < 3_000_000; i++) {
      odd.take();
    }
    assertThat(odd.time()).isBetween(999_999_999L, 1_000_000_001L);
  }

  @Test
  void noRateIsRefused() {
    assertThatThrownBy(() -> new Pace(0, 0)).isInstanceOf(IllegalArgumentException.class);
  }
}
