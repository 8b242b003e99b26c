package org.vbus.bench.load;

import java.util.function.DoublePredicate;

/// Finds the highest rate that holds: doubles, or halves, until one does and the next does not,
/// then bisects.
final class NoDropSearch {
  private static final int HALVINGS = 10;

  private NoDropSearch() {}

  /// Looks for it.
  ///
  /// @param first rate to begin with
  /// @param most beyond which nobody looks
  /// @param precision ratio of a rate that does not hold to the result at which the search ends,
  ///   more than 1
  /// @param holds whether a rate does; it is asked more often the better the precision
  /// @return a rate that held, 0 when there is none worth mentioning
  static double search(double first, double most, double precision, DoublePredicate holds) {
    double good = 0;
    double bad = 0;
    if (holds.test(first)) {
      good = first;
      while (bad == 0) {
        if (good >= most) {
          return good;
        }
        double next = Math.min(2 * good, most);
        if (holds.test(next)) {
          good = next;
        } else {
          bad = next;
        }
      }
    } else {
      bad = first;
      for (int i = 0; good == 0; i++) {
        if (i == HALVINGS) {
          return 0;
        }
        if (holds.test(bad / 2)) {
          good = bad / 2;
        } else {
          bad /= 2;
        }
      }
    }
    while (bad / good > precision) {
      double middle = Math.sqrt(good * bad);
      if (holds.test(middle)) {
        good = middle;
      } else {
        bad = middle;
      }
    }
    return good;
  }
}
