package org.vbus.bench.micro;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.Collection;
import org.junit.jupiter.api.Test;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.Runner;
import org.openjdk.jmh.runner.options.OptionsBuilder;
import org.openjdk.jmh.runner.options.VerboseMode;

/// Every benchmark works with every value of its parameters. Nothing is timed.
class BenchmarksTest {
  /// Enough for the rings to go round several times.
  private static final int INVOCATIONS = 20;

  @Test
  void everyBenchmarkGivesTheRightAnswerWithAllParameters() throws Exception {
    Collection<RunResult> results =
        new Runner(
                new OptionsBuilder()
                    .include("org\\.vbus\\.bench\\.micro\\.")
                    .mode(Mode.SingleShotTime)
                    .forks(0)
                    .warmupIterations(0)
                    .measurementIterations(1)
                    .measurementBatchSize(INVOCATIONS)
                    .shouldFailOnError(true)
                    .shouldDoGC(false)
                    .verbosity(VerboseMode.SILENT)
                    .build())
            .run();

    assertThat(results)
        .extracting(result -> result.getParams().getBenchmark().replaceAll(".*micro\\.|\\..*", ""))
        .contains(
            "ChainBenchmark",
            "EventRingBenchmark",
            "EventRingPairBenchmark",
            "GuestToGuestBenchmark",
            "L2SwitchBenchmark",
            "MacTableBenchmark",
            "RingBenchmark",
            "SignalBenchmark",
            "TranslateBenchmark");
  }
}
