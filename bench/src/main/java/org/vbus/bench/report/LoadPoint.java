package org.vbus.bench.report;

import java.util.Comparator;
import java.util.List;
import java.util.function.ToDoubleFunction;

/// One step of a load with one back-end, measured in one or more rounds.
///
/// @param part which part of the benchmark
/// @param side the back-end
/// @param guests what they do
/// @param load as a reader says it
/// @param samples one for each round
public record LoadPoint(
    String part, String side, String guests, String load, List<LoadSample> samples) {
  /// Copies the list.
  ///
  /// @throws IllegalArgumentException when it is empty
  public LoadPoint {
    samples = List.copyOf(samples);
    if (samples.isEmpty()) {
      throw new IllegalArgumentException("no sample of " + part + " " + load);
    }
  }

  /// The samples that count: those that nobody disturbed, or all when there are none; and of them
  /// those with the processors as far apart as they were most often.
  public List<LoadSample> counting() {
    List<LoadSample> quiet = samples.stream().filter(sample -> !sample.disturbed()).toList();
    List<LoadSample> those = quiet.isEmpty() ? samples : quiet;
    String most =
        those.stream()
            .map(LoadSample::cores)
            .max(Comparator.comparingLong(cores -> number(those, cores)))
            .orElseThrow();
    return those.stream().filter(sample -> sample.cores().equals(most)).toList();
  }

  private static long number(List<LoadSample> samples, String cores) {
    return samples.stream().filter(sample -> sample.cores().equals(cores)).count();
  }

  /// How far apart the processors were.
  public String cores() {
    return counting().getFirst().cores();
  }

  /// Whether every sample was disturbed.
  public boolean disturbed() {
    return samples.stream().allMatch(LoadSample::disturbed);
  }

  /// Whether most of those that count were saturated.
  public boolean saturated() {
    List<LoadSample> those = counting();
    return 2 * those.stream().filter(LoadSample::saturated).count() > those.size();
  }

  /// Median of those that count.
  public double median(ToDoubleFunction<LoadSample> figure) {
    return Spread.median(counting().stream().map(figure::applyAsDouble).toList());
  }
}
