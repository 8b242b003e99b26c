package org.vbus.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.station.StationFrames;
import org.vbus.connector.vhostuser.Frontend;
import org.vbus.core.feature.Feature;
import org.vbus.linux.Linux;
import org.vbus.stack.Stack;
import org.vbus.stack.StackFile;

/// The instrument against our own back-end in the same JVM. How fast that is does not matter here,
/// that every frame is accounted for does.
class TrafficTest {
  private static final Duration WARM_UP = Duration.ofMillis(20);
  private static final Duration WINDOW = Duration.ofMillis(200);

  @TempDir private Path dir;
  private Stack stack;
  private final List<GuestPort> guests = new ArrayList<>();

  @BeforeEach
  void start() throws IOException {
    assumeTrue(Linux.supported());
    stack = StackFile.parse(HostFile.listening(dir, 2), "load.conf");
    stack.start();
  }

  private Traffic between(boolean packed) throws IOException {
    attach(packed, StationFrames.GUEST, StationFrames.STATION);
    attach(packed, StationFrames.STATION, StationFrames.GUEST);
    Traffic traffic = new Traffic(guests.get(0), guests.get(1));
    traffic.greet();
    return traffic;
  }

  private void attach(boolean packed, long mac, long peer) throws IOException {
    Frontend frontend = Frontend.connect(HostFile.socket(dir, guests.size()), Frontend.LIMIT);
    guests.add(new GuestPort(frontend, packed, mac, peer));
  }

  @AfterEach
  void end() {
    guests.forEach(GuestPort::close);
    stack.close();
  }

  @ParameterizedTest
  @CsvSource({
    "false, false, false",
    "false, false, true",
    "false, true, false",
    "false, true, true",
    "true, false, false",
    "true, true, true"
  })
  void everyFrameThatIsDueIsSentOnceAndArrivesOnce(
      boolean packed, boolean reflect, boolean interrupts) throws IOException {
    Traffic traffic = between(packed);
    assertThat(Feature.RING_PACKED.in(guests.getFirst().features())).isEqualTo(packed);
    for (int i = 0; i < 2; i++) {
      Outcome outcome = traffic.run(new Offer(1000, reflect, interrupts, WARM_UP, WINDOW));
      assertThat(outcome.due()).isGreaterThanOrEqualTo(220);
      assertThat(outcome.sent()).isGreaterThan(0).isLessThanOrEqualTo(outcome.due());
      assertThat(outcome.received()).isEqualTo(outcome.sent());
      assertThat(outcome.strays()).isZero();
      assertThat(outcome.inWindow()).isBetween(1L, outcome.received());
      assertThat(outcome.latency().getTotalCount()).isBetween(1L, outcome.received());
      assertThat(outcome.lost()).isZero();
    }
  }

  @Test
  void guestsThatPollGetNoCallsAndThoseThatTakeInterruptsDo() throws IOException {
    Traffic traffic = between(false);
    assertThat(traffic.run(new Offer(1000, false, false, WARM_UP, WINDOW)).calls()).isZero();
    Outcome outcome = traffic.run(new Offer(1000, false, true, WARM_UP, WINDOW));
    assertThat(outcome.calls()).isBetween(1L, outcome.received());
    assertThat(traffic.run(new Offer(1000, false, false, WARM_UP, WINDOW)).calls()).isZero();
  }

  @Test
  void aBackEndThatSleepsIsKickedForEachFrameAtMostOnce() throws IOException {
    Outcome outcome = between(false).run(new Offer(100, false, false, WARM_UP, WINDOW));
    assertThat(outcome.kicks()).isBetween(outcome.received() / 2, 2 * outcome.received());
  }

  @Test
  void moreThanGoesThroughIsBehindAndNotLostWithoutATrace() throws IOException {
    Outcome outcome = between(false).run(new Offer(1e9, false, false, WARM_UP, WINDOW));
    assertThat(outcome.behind()).isTrue();
    assertThat(outcome.clean()).isFalse();
    assertThat(outcome.received()).isPositive().isLessThanOrEqualTo(outcome.sent());
    assertThat(outcome.achieved()).isLessThan(1e9);
  }

  @Test
  void aBackEndThatIsGoneIsAFailureThatSaysSo() throws Exception {
    Traffic traffic = between(false);
    stack.close();
    while (!guests.getFirst().gone()) {
      Thread.sleep(1);
    }
    assertThatThrownBy(() -> traffic.run(new Offer(1000, false, false, WARM_UP, WINDOW)))
        .isInstanceOf(BenchFailure.class)
        .hasMessageContaining("closed");
  }
}
