package org.vbus.bench.micro;

import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Fork;
import org.openjdk.jmh.annotations.Measurement;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Warmup;

/// How the benchmarks of all layers are measured where the command line says nothing else, and how
/// they check their answers.
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
@Fork(2)
@Warmup(iterations = 4, time = 500, timeUnit = TimeUnit.MILLISECONDS)
@Measurement(iterations = 5, time = 500, timeUnit = TimeUnit.MILLISECONDS)
abstract class LayerBenchmark {
  LayerBenchmark() {}

  /// Fails the benchmark unless the answer is right.
  static void expect(long right, long answer) {
    if (answer != right) {
      throw wrong(right, answer);
    }
  }

  private static IllegalStateException wrong(long right, long answer) {
    return new IllegalStateException("wrong answer " + answer + ", right is " + right);
  }
}
