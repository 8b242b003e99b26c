package org.vbus.bench.micro.compare;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// Measures the benchmarks of build A and of build B in turn and says which are slower in B.
///
/// For each benchmark: rounds of a fresh JVM of A and one of B, in alternating order, so that what
/// the machine does besides hits both alike and a drift cancels. What looks slower is measured
/// twice as often again, and judged by all of it: of many benchmarks some look so by chance, and a
/// few runs of a real slow-down may be disturbed.
public final class Compare {
  private static final String ROW = "%-60s %10s %10s %7s %13s  %s%n";

  private final Build a;
  private final Build b;
  private final Effort effort;
  private final double percent;
  private int unclear;

  private Compare(Build a, Build b, Effort effort, double percent) {
    this.a = a;
    this.b = b;
    this.effort = effort;
    this.percent = percent;
  }

  /// Compares; exits with 1 when B is slower anywhere, 3 when a benchmark failed.
  ///
  /// @param args module A, module B, `quick` or `full`, pattern, threshold in per cent, options of
  ///   the JVM that is measured
  public static void main(String[] args) throws InterruptedException {
    Runtime.getRuntime().addShutdownHook(new Thread(Compare::endChildren));
    try {
      Compare compare =
          new Compare(
              new Build(Path.of(args[0]), args[5]),
              new Build(Path.of(args[1]), args[5]),
              args[2].equals("quick") ? Effort.QUICK : Effort.FULL,
              Double.parseDouble(args[4]));
      System.exit(compare.run(args[3]));
    } catch (IOException e) {
      System.err.println("bench/compare: " + e.getMessage());
      System.exit(3);
    }
  }

  /// JMH's JVM, and the one that it measures.
  private static void endChildren() {
    ProcessHandle.current().descendants().forEach(ProcessHandle::destroy);
  }

  private int run(String pattern) throws IOException, InterruptedException {
    List<Case> ofA = a.cases(pattern);
    List<Case> ofB = b.cases(pattern);
    List<Case> both = new ArrayList<>(ofA);
    both.retainAll(ofB);
    ofA.removeAll(both);
    ofB.removeAll(both);
    ofA.forEach(only -> System.out.println("only in A, skipped: " + only));
    ofB.forEach(only -> System.out.println("only in B, skipped: " + only));
    if (both.isEmpty()) {
      throw new IOException("no benchmark of both sides matches " + pattern);
    }
    System.out.printf(
        "%d benchmarks, %d JVMs of each side, about %d min%n",
        both.size(), effort.rounds(), effort.minutes(both.size()));
    warnOfLoad();
    System.out.println();
    List<Sample> samples = new ArrayList<>();
    both.forEach(each -> samples.add(new Sample(each, new double[0], new double[0])));
    List<Sample> suspect = compareAll(samples, effort.rounds());
    long slower = 0;
    if (!suspect.isEmpty()) {
      System.out.printf("%nThose again, with more runs of each side:%n");
      slower =
          compareAll(suspect, 2 * effort.rounds()).stream()
              .filter(sample -> sample.verdict(percent) == Verdict.SLOWER)
              .count();
    }
    System.out.printf(
        Locale.ROOT,
        "%n%d of %d slower by more than %s %%, %d unclear.%n",
        slower,
        both.size(),
        new BigDecimal(percent, MathContext.DECIMAL32).stripTrailingZeros().toPlainString(),
        unclear);
    return slower == 0 ? 0 : 1;
  }

  private static void warnOfLoad() {
    int processors = Runtime.getRuntime().availableProcessors();
    double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
    if (load > processors / 2.0) {
      System.out.printf(
          Locale.ROOT,
          "load %.1f on %d CPUs: intervals will be wide, better wait until the machine is idle%n",
          load,
          processors);
    }
  }

  /// What was measured of one benchmark, nanoseconds of each run.
  private record Sample(Case benchmark, double[] a, double[] b) {
    RankInterval interval() {
      return RankInterval.of(a, b);
    }

    Verdict verdict(double percent) {
      return Verdict.of(interval(), percent / 100);
    }

    boolean isSuspect(double percent) {
      return interval().ratio() > 1 + percent / 100;
    }
  }

  /// Adds so many runs of each side to every sample, and prints them.
  ///
  /// @return those that may be slower
  private List<Sample> compareAll(List<Sample> samples, int rounds)
      throws IOException, InterruptedException {
    System.out.printf(ROW, "benchmark", "A ns/op", "B ns/op", "B/A", "95 %", "verdict");
    List<Sample> suspect = new ArrayList<>();
    unclear = 0;
    for (Sample sample : samples) {
      Sample more = measured(sample, rounds);
      print(more);
      if (more.isSuspect(percent)) {
        suspect.add(more);
      }
      unclear += more.verdict(percent) == Verdict.UNCLEAR ? 1 : 0;
    }
    return suspect;
  }

  private Sample measured(Sample sample, int rounds) throws IOException, InterruptedException {
    int had = sample.a().length;
    double[] timesA = Arrays.copyOf(sample.a(), had + rounds);
    double[] timesB = Arrays.copyOf(sample.b(), had + rounds);
    for (int round = had; round < had + rounds; round++) {
      if (round % 2 == 0) {
        timesA[round] = a.measure(sample.benchmark(), effort);
      }
      timesB[round] = b.measure(sample.benchmark(), effort);
      if (round % 2 == 1) {
        timesA[round] = a.measure(sample.benchmark(), effort);
      }
    }
    return new Sample(sample.benchmark(), timesA, timesB);
  }

  private void print(Sample sample) {
    RankInterval interval = sample.interval();
    System.out.printf(
        Locale.ROOT,
        ROW,
        sample.benchmark(),
        "%.2f".formatted(RankInterval.median(sample.a())),
        "%.2f".formatted(RankInterval.median(sample.b())),
        "%.3f".formatted(interval.ratio()),
        "%.3f..%.3f".formatted(interval.low(), interval.high()),
        sample.verdict(percent).text());
  }
}
