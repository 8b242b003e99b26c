package org.vbus.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vbus.bench.report.Part;
import org.vbus.bench.report.Run;
import org.vbus.core.connector.SignalPolicy;

class KvmBenchTest {
  @BeforeEach
  void requireKvm() {
    String problem = KvmBench.problem();
    assumeTrue(problem.isEmpty(), problem);
  }

  private static List<Run> run(int devices, SignalPolicy... policies) {
    BenchOptions options =
        BenchOptions.quick()
            .policies(policies)
            .devices(devices)
            .loads(Run.ONE_AT_A_TIME, 0.5, Run.MAXIMUM)
            .times(Duration.ofMillis(200), Duration.ofMillis(50), Duration.ofMillis(200));
    return new KvmBench().run(options, Progress.none());
  }

  @Test
  void everyKindOfExitIsReportedByItself() {
    List<Run> runs = run(1, SignalPolicy.DIRECT, SignalPolicy.RING);
    for (Run run : runs) {
      System.out.println(run);
      assertThat(run.kind()).isEqualTo(Run.MEASURED);
      assertThat(run.extra())
          .containsKeys("batch", "label", "kvmExitsPerIo", "userExitsPerIo", "trapEventsPerIo")
          .containsEntry("kvmExitsPerIo", run.exitsPerIo());
      // Kicks go through the kernel, and nothing else leaves it once the guest runs.
      assertThat(run.extra().get("userExitsPerIo"))
          .isInstanceOfSatisfying(Double.class, exits -> assertThat(exits).isLessThan(0.01));
    }
    assertThat(runs).extracting(run -> run.extra().get("batch")).contains(1, 8, 64);
  }

  @Test
  void theRingSharesOneInterruptAmongDevices() {
    List<Run> runs = run(16, SignalPolicy.DIRECT, SignalPolicy.RING, SignalPolicy.POLLED);
    for (Run run : runs) {
      System.out.println(run);
      if (run.load() == Run.MAXIMUM && !run.eventIdx()) {
        switch (run.policy()) {
          case "direct" -> assertThat(run.part(Part.INTERRUPTS).orElseThrow()).isGreaterThan(0.5);
          case "ring" -> assertThat(run.part(Part.INTERRUPTS).orElseThrow()).isLessThan(0.5);
          default -> assertThat(run.part(Part.INTERRUPTS).orElseThrow()).isZero();
        }
      }
    }
  }
}
