package org.vbus.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.within;

import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// Which runs count: with readings as they were recorded.
class PairTest {
  private static final Reading NEAR = new Reading(8.19, 102.7, 101, 0.017, 0.020, 1, 64, 64);
  private static final Reading FAR = new Reading(2.64, 426.3, 421.4, 0.024, 0.010, 1, 64, 64);

  @Test
  void twoGoodRunsAtOneDistanceAreAPair() {
    Reading theirs = new Reading(13.69, 88, 149, 0.016, 0.019, 0.99, 64, 64);
    Pair pair = new Pair(NEAR, theirs);
    assertThat(pair.failures()).isEmpty();
    assertThat(pair.ratio()).isCloseTo(0.598, within(0.001));
  }

  @Test
  void runsAtDifferentDistancesAreNone() {
    assertThat(new Pair(NEAR, FAR).failures()).containsExactly("ours near, theirs far");
  }

  @Test
  void theSideThatFailsIsNamed() {
    Reading moved = new Reading(9, 102.4, 476, 0, 0, 1, 64, 64);
    assertThat(new Pair(NEAR, moved).failures()).containsExactly("theirs: probe 102 then 476 ns");
    assertThat(new Pair(moved, NEAR).failures()).containsExactly("ours: probe 102 then 476 ns");
  }

  static Stream<Arguments> bad() {
    return Stream.of(
        Arguments.of("front-end waited", new Reading(8, 90, 90, 0.031, 0, 1, 64, 64)),
        Arguments.of("back-end waited", new Reading(8, 90, 90, 0, 0.122, 1, 64, 64)),
        Arguments.of("one direction", new Reading(8, 90, 90, 0, 0, 0.5, 64, 64)),
        Arguments.of("no frames", new Reading(0, 90, 90, 0, 0, 1, 0, 64)),
        Arguments.of("no frames", new Reading(Double.NaN, 90, 90, 0, 0, 1, 0, 64)),
        Arguments.of("bytes per frame", new Reading(8, 90, 90, 0, 0, 1, 63.9, 64)),
        Arguments.of("bytes per frame", new Reading(8, 90, 90, 0, 0, 1, 64, 361.8)));
  }

  @ParameterizedTest
  @MethodSource("bad")
  void aRunThatFailsAGateDoesNotCount(String reason, Reading reading) {
    assertThat(reading.failures()).singleElement().asString().contains(reason);
  }

  @Test
  void aMixtureMayBeCutAnywhere() {
    double mean = FrameSize.IMIX.mean();
    assertThat(new Reading(6.4, 97, 101, 0, 0, 1, mean * 1.01, mean).failures()).isEmpty();
  }

  @Test
  void distancesAreClasses() {
    assertThat(Distance.of(55)).isEqualTo(Distance.NEAR);
    assertThat(Distance.of(110)).isEqualTo(Distance.NEAR);
    assertThat(Distance.of(330)).isEqualTo(Distance.FAR);
    assertThat(Distance.of(481)).isEqualTo(Distance.FAR);
    assertThat(Distance.of(1446)).isEqualTo(Distance.REMOTE);
  }
}
