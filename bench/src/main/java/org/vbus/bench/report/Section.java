package org.vbus.bench.report;

import static java.util.Comparator.comparingInt;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.SequencedSet;

/// The runs that may be shown together: one connector, one kind.
///
/// @param connector name of the connector
/// @param kind `counted` or `measured`
/// @param runs not empty; by devices, then load, then variant
record Section(String connector, String kind, List<Run> runs) {

  /// Sections in the order in which their first run appears.
  static List<Section> of(BenchReport report) {
    record Key(String connector, String kind) {}
    var groups = new LinkedHashMap<Key, List<Run>>();
    for (Run run : report.runs()) {
      groups.computeIfAbsent(new Key(run.connector(), run.kind()), _ -> new ArrayList<>()).add(run);
    }
    var sections = new ArrayList<Section>();
    groups.forEach((key, runs) -> {
      runs.sort(
          comparingInt(Run::devices)
              .thenComparingDouble(Run::load)
              .thenComparing(Variant::of, Variant.ORDER));
      sections.add(new Section(key.connector(), key.kind(), List.copyOf(runs)));
    });
    return sections;
  }

  List<Integer> deviceCounts() {
    return runs.stream().map(Run::devices).distinct().toList();
  }

  List<Double> loads() {
    return runs.stream().map(Run::load).distinct().sorted().toList();
  }

  /// Batch sizes, ascending; runs without one count as 0.
  List<Long> batches() {
    return runs.stream().map(run -> Variant.of(run).batch()).distinct().sorted().toList();
  }

  /// Names of all parts that any run here counted: the usual ones in their usual order, then
  /// others.
  SequencedSet<String> parts() {
    var names = new LinkedHashSet<>(Part.ALL);
    names.removeIf(name -> runs.stream().allMatch(run -> run.part(name).isEmpty()));
    runs.forEach(run -> names.addAll(run.parts().keySet()));
    return names;
  }

  /// Names of all extra fields here.
  SequencedSet<String> extras() {
    var names = new LinkedHashSet<String>();
    runs.forEach(run -> names.addAll(run.extra().keySet()));
    return names;
  }
}
