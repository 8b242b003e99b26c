package org.vbus.bench.report;

import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.stream.DoubleStream;

/// A vertical axis shared by the charts of one figure: values to heights between 0 and 1.
///
/// Values within one and a half decades get a linear axis from zero. Wider ones get a logarithmic
/// axis; if there are exact zeros too, they lie on a line of their own below it.
final class Scale {
  /// A labelled height.
  ///
  /// @param height between 0 and 1
  /// @param label the value there
  record Tick(double height, String label) {}

  private static final double WIDE = 30;
  private static final double SMALLEST = 1e-9;
  private static final double LARGEST = 1e12;
  private static final double ZERO_BAND = 0.12;
  private static final int MANY_TICKS = 10;

  private final boolean log;
  private final double low;
  private final double high;
  private final double floor;

  private Scale(boolean log, double low, double high, double floor) {
    this.log = log;
    this.low = low;
    this.high = high;
    this.floor = floor;
  }

  static Scale of(DoubleStream values) {
    double[] all = values.map(Scale::bounded).toArray();
    double max = DoubleStream.of(all).max().orElse(0);
    double min = DoubleStream.of(all).filter(v -> v > 0).min().orElse(0);
    if (max == 0) {
      return new Scale(false, 0, 1, 0);
    }
    if (max / min <= WIDE) {
      double step = step(max);
      return new Scale(false, 0, Math.ceil(max / step - 1e-9) * step, 0);
    }
    boolean zeros = DoubleStream.of(all).anyMatch(v -> v == 0);
    return new Scale(true, roundDown(min), roundUp(max), zeros ? ZERO_BAND : 0);
  }

  boolean isLog() {
    return log;
  }

  /// Whether exact zeros have a line of their own, apart from the rest of the axis.
  boolean hasZeroLine() {
    return floor > 0;
  }

  double height(double value) {
    double bounded = bounded(value);
    if (!log) {
      return bounded / high;
    }
    return value == 0 ? 0 : floor + (1 - floor) * Math.log(bounded / low) / Math.log(high / low);
  }

  List<Tick> ticks() {
    var ticks = new ArrayList<Tick>();
    if (!log) {
      double step = step(high);
      for (int i = 0; i * step <= high * (1 + 1e-9); i++) {
        ticks.add(tick(i * step));
      }
      return ticks;
    }
    if (hasZeroLine()) {
      ticks.add(new Tick(0, "0"));
    }
    List<Tick> fine = decades(1, 1, 2, 5);
    ticks.addAll(fine.size() <= MANY_TICKS ? fine : decades(decadesPerTick(), 1));
    return ticks;
  }

  private int decadesPerTick() {
    return Math.ceilDiv((int) Math.ceil(Math.log10(high / low)), MANY_TICKS);
  }

  private List<Tick> decades(int every, int... digits) {
    var ticks = new ArrayList<Tick>();
    for (int decade = (int) Math.floor(Math.log10(low) + 1e-9);
        power(decade) <= high * (1 + 1e-9);
        decade += every) {
      for (int digit : digits) {
        double value = power(decade) * digit;
        if (value >= low * (1 - 1e-9) && value <= high * (1 + 1e-9)) {
          ticks.add(tick(value));
        }
      }
    }
    return ticks;
  }

  /// Figures beyond these lie on the edge of the chart: no benchmark resolves them.
  private static double bounded(double value) {
    return value == 0 ? 0 : Math.clamp(value, SMALLEST, LARGEST);
  }

  private Tick tick(double value) {
    return new Tick(height(value), label(value));
  }

  private static String label(double value) {
    if (value != 0 && (value < 0.00099 || value >= 1e6)) {
      return String.format(Locale.ROOT, "%.0e", value).replace("e+", "e");
    }
    return Figures.number(value);
  }

  /// Distance of the ticks on a linear axis: 1, 2 or 5 times a power of ten, four to eight ticks.
  private static double step(double max) {
    double step = power((int) Math.floor(Math.log10(max)));
    if (max / step > 5) {
      return step;
    }
    return max / step > 2 ? step / 2 : step / 5;
  }

  private static double roundDown(double value) {
    double decade = power((int) Math.floor(Math.log10(value) + 1e-9));
    double digit = value / decade;
    return decade * (digit >= 5 ? 5 : digit >= 2 ? 2 : 1);
  }

  private static double roundUp(double value) {
    double decade = power((int) Math.floor(Math.log10(value) - 1e-9));
    double digit = value / decade;
    return decade * (digit <= 2 ? 2 : digit <= 5 ? 5 : 10);
  }

  private static double power(int decade) {
    return Math.pow(10, decade);
  }
}
