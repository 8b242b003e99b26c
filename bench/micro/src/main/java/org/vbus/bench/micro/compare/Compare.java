package org.vbus.bench.micro.compare;

import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.math.BigDecimal;
import java.math.MathContext;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.function.BiFunction;

/// Measures the benchmarks of build A and of build B in turn and says which are slower in B.
///
/// For each benchmark: rounds of a fresh JVM of A and one of B, in alternating order, so that what
/// the machine does besides hits both alike and a drift cancels. What is found slower is measured a
/// second time, and only that counts: of many benchmarks some look slower by chance, but not twice.
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
    List<Case> slower = compareAll(both, Verdict::of);
    if (!slower.isEmpty()) {
      System.out.printf("%nOnce more, to be sure:%n");
      slower = compareAll(slower, Verdict::ofRepetition);
    }
    System.out.printf(
        Locale.ROOT,
        "%n%d of %d slower by more than %s %%, %d unclear.%n",
        slower.size(),
        both.size(),
        new BigDecimal(percent, MathContext.DECIMAL32).stripTrailingZeros().toPlainString(),
        unclear);
    return slower.isEmpty() ? 0 : 1;
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

  /// Those that are slower.
  private List<Case> compareAll(List<Case> cases, BiFunction<RankInterval, Double, Verdict> judge)
      throws IOException, InterruptedException {
    System.out.printf(ROW, "benchmark", "A ns/op", "B ns/op", "B/A", "95 %", "verdict");
    List<Case> slower = new ArrayList<>();
    for (Case each : cases) {
      double[] timesA = new double[effort.rounds()];
      double[] timesB = new double[effort.rounds()];
      for (int round = 0; round < effort.rounds(); round++) {
        if (round % 2 == 0) {
          timesA[round] = a.measure(each, effort);
        }
        timesB[round] = b.measure(each, effort);
        if (round % 2 == 1) {
          timesA[round] = a.measure(each, effort);
        }
      }
      RankInterval interval = RankInterval.of(timesA, timesB);
      Verdict verdict = judge.apply(interval, percent / 100);
      print(each, timesA, timesB, interval, verdict);
      if (verdict == Verdict.SLOWER) {
        slower.add(each);
      } else if (verdict == Verdict.UNCLEAR) {
        unclear++;
      }
    }
    return slower;
  }

  private static void print(
      Case each, double[] a, double[] b, RankInterval interval, Verdict verdict) {
    System.out.printf(
        Locale.ROOT,
        ROW,
        each,
        "%.2f".formatted(RankInterval.median(a)),
        "%.2f".formatted(RankInterval.median(b)),
        "%.3f".formatted(interval.ratio()),
        "%.3f..%.3f".formatted(interval.low(), interval.high()),
        verdict.text());
  }
}
