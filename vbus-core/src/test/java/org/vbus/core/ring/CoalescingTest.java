package org.vbus.core.ring;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CoalescingTest {
  private static final long START = -7;

  private final Coalescing coalescing = new Coalescing();

  @ParameterizedTest
  @CsvSource({"0, 0", "15, 0", "0, 10"})
  void unlessBothLimitsAreSetNothingIsPutOff(int completions, int micros) {
    coalescing.limits(completions, micros);
    assertThat(coalescing.due(1, true, START)).isTrue();
    assertThat(coalescing.due(1, true, START)).isTrue();
    assertThat(coalescing.owed()).isFalse();
  }

  @Test
  void theNotificationComesWithTheLastCompletionOfACount() {
    coalescing.limits(15, 10);
    for (int round = 0; round < 3; round++) {
      for (int i = 1; i < 15; i++) {
        assertThat(coalescing.due(1, true, START)).as("completion %d", i).isFalse();
      }
      assertThat(coalescing.due(1, true, START)).isTrue();
    }
    assertThat(coalescing.due(40, true, START)).as("a burst of more").isTrue();
  }

  @Test
  void theNotificationComesWhenItsTimeHasCome() {
    coalescing.limits(15, 10);
    assertThat(coalescing.due(START)).as("nothing to notify of").isFalse();
    assertThat(coalescing.due(3, true, START)).isFalse();
    assertThat(coalescing.due(START + 9_999)).isFalse();
    assertThat(coalescing.owed()).isTrue();
    assertThat(coalescing.due(START + 10_000)).isTrue();
    assertThat(coalescing.due(START + 10_000)).as("only once").isFalse();
    assertThat(coalescing.due(3, true, START + 15_000)).as("time counts anew").isFalse();
    assertThat(coalescing.due(1, true, START + 25_000)).isTrue();
  }

  @Test
  void aGuestThatWantsNoneGetsNone() {
    coalescing.limits(4, 10);
    assertThat(coalescing.due(3, false, START)).isFalse();
    assertThat(coalescing.waitNanos()).isEqualTo(Long.MAX_VALUE);
    assertThat(coalescing.due(START + 20_000)).isFalse();
    assertThat(coalescing.due(1, false, START)).isFalse();
    assertThat(coalescing.due(1, true, START)).isFalse();
    assertThat(coalescing.due(2, false, START)).as("it wanted one of these").isTrue();
  }

  /// 5.1.9.5.10.4: when limits change, conditions may be met at once.
  @Test
  void limitsThatChangeCountForWhatWasCountedBefore() {
    coalescing.limits(15, 1_000_000);
    assertThat(coalescing.due(10, true, START)).isFalse();
    coalescing.limits(8, 1_000_000);
    assertThat(coalescing.due(START + 1)).isTrue();
    coalescing.limits(15, 1_000_000);
    assertThat(coalescing.due(10, true, START)).isFalse();
    coalescing.limits(0, 0);
    assertThat(coalescing.active()).isTrue();
    assertThat(coalescing.due(START + 1)).isTrue();
    assertThat(coalescing.active()).isFalse();
  }

  @Test
  void limitsAreUnsigned() {
    coalescing.limits(-1, -1);
    assertThat(coalescing.completions()).isEqualTo(-1);
    assertThat(coalescing.micros()).isEqualTo(-1);
    assertThat(coalescing.due(Integer.MAX_VALUE, true, START)).isFalse();
    assertThat(coalescing.due(START + 4_294_967_294_999L)).isFalse();
    assertThat(coalescing.due(START + 4_294_967_295_000L)).isTrue();
  }
}
