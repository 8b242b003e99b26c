package org.vbus.bench.load;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vbus.bench.report.LoadIdle;
import org.vbus.bench.report.LoadPoint;
import org.vbus.bench.report.LoadRate;
import org.vbus.bench.report.LoadSample;

/// Samples of all rounds, those of the same step together.
final class Collected {
  private final Map<Step, List<LoadSample>> samples = new LinkedHashMap<>();
  private final Map<String, List<Double>> rates = new LinkedHashMap<>();
  private final Map<String, List<String>> cores = new LinkedHashMap<>();
  private final Map<Idle, List<Double>> idles = new LinkedHashMap<>();

  private record Step(String part, String side, String guests, String load) {}

  private record Idle(String side, int devices) {}

  void add(String part, String side, String guests, String load, LoadSample sample) {
    samples.computeIfAbsent(new Step(part, side, guests, load), _ -> new ArrayList<>()).add(sample);
  }

  void rate(String side, double rate, String distance) {
    cores.computeIfAbsent(side, _ -> new ArrayList<>()).add(distance);
    rates.computeIfAbsent(side, _ -> new ArrayList<>()).add(rate);
  }

  void idle(String side, int devices, double cpu) {
    idles.computeIfAbsent(new Idle(side, devices), _ -> new ArrayList<>()).add(cpu);
  }

  List<LoadPoint> points() {
    return samples.entrySet().stream()
        .map(each -> {
          Step step = each.getKey();
          return new LoadPoint(step.part, step.side, step.guests, step.load, each.getValue());
        })
        .toList();
  }

  List<LoadRate> rates() {
    return rates.entrySet().stream()
        .map(each ->
            new LoadRate(
                each.getKey(), each.getValue(), cores.getOrDefault(each.getKey(), List.of())))
        .toList();
  }

  List<LoadIdle> idles() {
    return idles.entrySet().stream()
        .map(each -> new LoadIdle(each.getKey().side, each.getKey().devices, each.getValue()))
        .toList();
  }
}
