package org.vbus.bench.micro;

import java.io.PrintStream;
import java.util.Collection;
import java.util.Locale;
import java.util.stream.Collectors;
import org.openjdk.jmh.infra.BenchmarkParams;
import org.openjdk.jmh.infra.IterationParams;
import org.openjdk.jmh.results.BenchmarkResult;
import org.openjdk.jmh.results.IterationResult;
import org.openjdk.jmh.results.Result;
import org.openjdk.jmh.results.RunResult;
import org.openjdk.jmh.runner.format.OutputFormat;

/// Results of JMH as lines of text: benchmark with its parameters, time per operation with the 99.9
/// % interval that JMH computes over the iterations, bytes allocated per operation where the gc
/// profiler runs. What JMH says besides is passed on unless it is about its progress.
final class Table implements OutputFormat {
  private static final String ROW = "%-62s %10s %10s %10s %8s%n";
  private static final String CPU = "cpu";
  private static final String ALLOCATED = "gc.alloc.rate.norm";

  private final PrintStream out;

  Table(PrintStream out) {
    this.out = out;
  }

  @Override
  public void startRun() {
    out.printf(ROW, "benchmark", "ns/op", "+-", "cpu", "B/op");
  }

  @Override
  public void endBenchmark(BenchmarkResult result) {
    if (result == null) {
      return;
    }
    Result<?> time = result.getPrimaryResult();
    out.printf(
        ROW,
        name(result.getParams()),
        number(time.getScore()),
        number(time.getScoreError()),
        secondary(result, CPU),
        secondary(result, ALLOCATED));
    out.flush();
  }

  /// Class, method and parameters.
  private static String name(BenchmarkParams params) {
    String[] path = params.getBenchmark().split("\\.");
    String values =
        params.getParamsKeys().stream()
            .map(key -> " " + key + "=" + params.getParam(key))
            .collect(Collectors.joining());
    return path[path.length - 2] + "." + path[path.length - 1] + values;
  }

  /// What a profiler found, nothing when it does not run.
  private static String secondary(BenchmarkResult result, String name) {
    Result<?> found = result.getSecondaryResults().get(name);
    return found == null ? "" : number(found.getScore());
  }

  private static String number(double value) {
    return Double.isNaN(value) ? "" : String.format(Locale.ROOT, "%.2f", value);
  }

  @Override
  public void println(String s) {
    if (!s.isBlank() && !s.startsWith("#")) {
      out.println(s);
    }
  }

  @Override
  public void iteration(BenchmarkParams benchmark, IterationParams params, int iteration) {}

  @Override
  public void iterationResult(
      BenchmarkParams benchmark, IterationParams params, int iteration, IterationResult data) {}

  @Override
  public void startBenchmark(BenchmarkParams benchmark) {}

  @Override
  public void endRun(Collection<RunResult> result) {}

  @Override
  public void print(String s) {
    out.print(s);
  }

  @Override
  public void verbosePrintln(String s) {}

  @Override
  public void write(int b) {
    out.write(b);
  }

  @Override
  public void write(byte[] b) {
    out.write(b, 0, b.length);
  }

  @Override
  public void flush() {
    out.flush();
  }

  @Override
  public void close() {
    out.flush();
  }
}
