package org.vbus.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.within;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.vbus.bench.report.Part;
import org.vbus.bench.report.Run;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.Idle;

/// One short benchmark; what must be true of its figures on any machine under any load.
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LoopbackBenchTest {
  private static final List<Double> LOADS = List.of(Run.ONE_AT_A_TIME, 0.5, Run.MAXIMUM);

  private final List<String> steps = new ArrayList<>();
  private final LoopbackBench bench = new LoopbackBench();
  private List<Run> runs = List.of();

  @BeforeAll
  void measure() {
    BenchOptions options =
        new BenchOptions(
            List.of(SignalPolicy.values()),
            List.of(false),
            List.of(2),
            LOADS,
            Duration.ofMillis(200),
            Duration.ofMillis(10),
            Duration.ofMillis(60));
    runs = bench.run(options, steps::add);
  }

  private Run run(SignalPolicy policy, double load) {
    return runs.stream()
        .filter(run -> run.policy().equalsIgnoreCase(policy.name()) && run.load() == load)
        .findFirst()
        .orElseThrow();
  }

  private static double part(Run run, String name) {
    return run.part(name).orElseThrow();
  }

  @Test
  void everyCombinationIsMeasuredOnce() {
    assertThat(runs).hasSize(9);
    for (SignalPolicy policy : SignalPolicy.values()) {
      for (double load : LOADS) {
        assertThat(run(policy, load).ios()).isPositive();
      }
    }
  }

  @Test
  void oneAtATimeARequestTakesOneKickOneInterruptAndOneHalt() {
    for (SignalPolicy policy : List.of(SignalPolicy.DIRECT, SignalPolicy.RING)) {
      Run run = run(policy, Run.ONE_AT_A_TIME);
      assertThat(run.interruptsPerIo()).as(policy.name()).isCloseTo(1, within(0.02));
      assertThat(part(run, Part.HALTS)).as(policy.name()).isBetween(0.0, 1.02);
    }
  }

  @Test
  void everyPublishedRequestIsKickedOrTheKickIsCountedAsSaved() {
    for (Run run : runs) {
      assertThat(run.kicksPerIo() + part(run, Part.KICKS_SUPPRESSED))
          .as(run.toString())
          .isCloseTo(1, within(1e-9));
    }
  }

  @Test
  void aPolledGuestTakesNoInterruptAndNeverHalts() {
    for (double load : LOADS) {
      Run run = run(SignalPolicy.POLLED, load);
      assertThat(run.interruptsPerIo()).isZero();
      assertThat(part(run, Part.HALTS)).isZero();
    }
  }

  @Test
  void exitsAreTheSumOfTheirParts() {
    for (Run run : runs) {
      double sum = Part.EXITS.stream().mapToDouble(part -> run.part(part).orElse(0)).sum();
      assertThat(run.exitsPerIo()).as(run.toString()).isCloseTo(sum, within(1e-9));
      assertThat(part(run, Part.REGISTER_ACCESSES)).as("registers on the data path").isZero();
    }
  }

  @Test
  void signalsAreInterruptsOrCoalesced() {
    for (double load : LOADS) {
      Run direct = run(SignalPolicy.DIRECT, load);
      assertThat(part(direct, Part.SIGNALS_COALESCED)).isZero();
      assertThat(direct.interruptsPerIo()).isLessThanOrEqualTo(part(direct, Part.SIGNALS));
      Run ring = run(SignalPolicy.RING, load);
      assertThat(ring.interruptsPerIo())
          .isLessThanOrEqualTo(
              part(ring, Part.SIGNALS) - part(ring, Part.SIGNALS_COALESCED) + 1e-9);
    }
  }

  @Test
  void progressNamesEveryRunAndTheNotesSayHowItWasMeasured() {
    assertThat(steps).hasSize(10).element(1).asString().startsWith("1 of 9: direct");
    assertThat(bench.notes()).anyMatch(note -> note.contains("processor"));
  }

  @Test
  void nothingOfARunIsLeftOver() {
    assertNoThreads();
  }

  private static void assertNoThreads() {
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("bench-"));
  }

  @Test
  void wrongOptionsAreRefusedByName() {
    assertThatThrownBy(() -> BenchOptions.quick().loads(1.5)).hasMessageContaining("1.5");
    assertThatThrownBy(() -> BenchOptions.quick().devices(0)).hasMessageContaining("devices");
  }

  @Test
  void aFailureNamesTheRunThatFailed() {
    Setup setup =
        new Setup(SignalPolicy.RING, true, 3, Idle.BLOCK, new Placement(-1, -1, "anywhere"));
    assertThatThrownBy(() ->
            GuestThread.run(
                setup,
                session -> {
                  session.cancel();
                  session.measure(Run.MAXIMUM, Duration.ofMillis(1), Duration.ofMillis(1));
                }))
        .isInstanceOf(BenchFailure.class)
        .hasMessage("ring, event index on, 3 devices: cancelled");
    assertNoThreads();
  }
}
