package org.vbus.bench.micro.compare;

import java.util.Arrays;

/// By what factor the times of B are those of A: estimate and 95 % confidence interval.
///
/// The interval is that of the Mann-Whitney test: the factors by which B could be divided without
/// the test telling it from A. It orders all ratios of a time of B and one of A and cuts off as
/// many at both ends as the exact distribution of the rank sum allows; the estimate is the median
/// of these ratios (Hodges and Lehmann). No distribution of times is assumed and one run that was
/// disturbed moves it little; runs must be independent, so each is a JVM of its own.
///
/// @param low lower end
/// @param ratio estimate, above 1 when B is slower
/// @param high upper end
public record RankInterval(double low, double ratio, double high) {
  private static final double ONE_SIDED = 0.025;

  /// The interval for two samples of positive times; with fewer than four in each there is no 95 %
  /// interval, and all there is is cut off nowhere.
  public static RankInterval of(double[] a, double[] b) {
    double[] ratios = new double[a.length * b.length];
    int n = 0;
    for (double after : b) {
      for (double before : a) {
        ratios[n++] = after / before;
      }
    }
    Arrays.sort(ratios);
    int cut = cut(a.length, b.length);
    return new RankInterval(ratios[cut], median(ratios), ratios[n - 1 - cut]);
  }

  /// The middle value, or the mean of the two in the middle.
  public static double median(double[] values) {
    double[] sorted = values.clone();
    Arrays.sort(sorted);
    int n = sorted.length;
    return (sorted[(n - 1) / 2] + sorted[n / 2]) / 2;
  }

  /// How many of the ordered ratios to cut off at each end: the critical value of U, the largest
  /// that it stays within with a probability of at most 2.5 %, if nothing differs; 0 if there is
  /// none.
  static int cut(int m, int n) {
    double[] ways = waysToReach(m, n);
    double all = Arrays.stream(ways).sum();
    double below = 0;
    int u = 0;
    while ((below + ways[u]) / all <= ONE_SIDED) {
      below += ways[u++];
    }
    return Math.max(0, u - 1);
  }

  /// In how many orders of `m` values of A and `n` of B exactly `u` pairs have A before B, by `u`:
  /// the coefficients of the Gaussian binomial.
  private static double[] waysToReach(int m, int n) {
    double[] ways = new double[m * n + 1];
    ways[0] = 1;
    for (int i = 1; i <= m; i++) {
      for (int u = ways.length - 1; u >= n + i; u--) {
        ways[u] -= ways[u - n - i];
      }
      for (int u = i; u < ways.length; u++) {
        ways[u] += ways[u - i];
      }
    }
    return ways;
  }
}
