package org.vbus.bench.micro.compare;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.Arrays;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RankIntervalTest {
  private static final double[] POWERS = {1, 10, 100, 1000, 10000};
  private static final double[] STEADY = {99, 100, 100, 101, 98, 102, 100, 99, 101, 100};

  /// Critical values of the two-sided test at 5 %, as in any table of it.
  @ParameterizedTest
  @CsvSource({"4, 4, 0", "5, 5, 2", "6, 6, 5", "8, 8, 13", "10, 10, 23", "5, 8, 6", "20, 20, 127"})
  void cutsOffWhatTheTablesOfMannAndWhitneySay(int m, int n, int critical) {
    assertThat(RankInterval.cut(m, n)).isEqualTo(critical);
    assertThat(RankInterval.cut(n, m)).isEqualTo(critical);
  }

  @Test
  void tooFewRunsCutOffNothing() {
    assertThat(RankInterval.cut(3, 3)).isZero();
    assertThat(RankInterval.of(new double[] {2}, new double[] {3}))
        .isEqualTo(new RankInterval(1.5, 1.5, 1.5));
  }

  /// The ratios are 1/10000 once, 1/1000 twice, and so on: the third is the end.
  @Test
  void endsAreTheRatiosBehindThoseCutOff() {
    RankInterval interval = RankInterval.of(POWERS, POWERS);

    assertThat(interval.low()).isCloseTo(1e-3, within(1e-9));
    assertThat(interval.ratio()).isEqualTo(1);
    assertThat(interval.high()).isCloseTo(1e3, within(1e-6));
  }

  @Test
  void aFactorOfAllTimesIsTheEstimateAndShiftsTheInterval() {
    RankInterval same = RankInterval.of(STEADY, STEADY);
    RankInterval slower = RankInterval.of(STEADY, times(STEADY, 1.2));

    assertThat(slower.ratio()).isCloseTo(1.2, within(1e-9));
    assertThat(slower.low()).isCloseTo(1.2 * same.low(), within(1e-9));
    assertThat(slower.high()).isCloseTo(1.2 * same.high(), within(1e-9));
    assertThat(Verdict.of(same, 0.05)).isEqualTo(Verdict.SAME);
    assertThat(Verdict.of(slower, 0.05)).isEqualTo(Verdict.SLOWER);
  }

  @Test
  void twoDisturbedRunsOfTenChangeNoVerdict() {
    double[] disturbed = STEADY.clone();
    disturbed[3] *= 5;
    disturbed[7] *= 2;

    assertThat(Verdict.of(RankInterval.of(STEADY, disturbed), 0.05)).isEqualTo(Verdict.SAME);
    assertThat(Verdict.of(RankInterval.of(disturbed, times(STEADY, 1.2)), 0.05))
        .isEqualTo(Verdict.SLOWER);
  }

  /// Of samples of one skewed distribution about one interval in twenty misses 1, not more.
  @Test
  void intervalsMissTheTruthAsOftenAsPromised() {
    SplittableRandom random = new SplittableRandom(7);
    int missed = 0;
    int experiments = 4000;
    for (int i = 0; i < experiments; i++) {
      RankInterval interval = RankInterval.of(skewed(random), skewed(random));
      missed += interval.low() > 1 || interval.high() < 1 ? 1 : 0;
    }

    assertThat((double) missed / experiments).isBetween(0.03, 0.055);
  }

  @ParameterizedTest
  @CsvSource({
    "1.06, 1.10, SLOWER",
    "1.04, 1.20, UNCLEAR",
    "0.97, 1.04, SAME",
    "0.80, 1.20, UNCLEAR",
    "0.80, 0.99, UNCLEAR",
    "0.80, 0.94, FASTER"
  })
  void aVerdictNeedsTheWholeIntervalBeyondTheThreshold(double low, double high, Verdict verdict) {
    RankInterval interval = new RankInterval(low, (low + high) / 2, high);

    assertThat(Verdict.of(interval, 0.05)).isEqualTo(verdict);
  }

  private static double[] times(double[] values, double factor) {
    return Arrays.stream(values).map(value -> value * factor).toArray();
  }

  private static double[] skewed(SplittableRandom random) {
    return random.doubles(10).map(x -> 100 - 10 * Math.log(1 - x)).toArray();
  }
}
