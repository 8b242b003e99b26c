package org.vbus.bench.report;

import java.util.Locale;

/// How figures are written for people: three significant places are as many as a benchmark has.
final class Figures {
  private Figures() {}

  /// Events per I/O in at most five characters. An exact zero is `0`, never a rounded one.
  static String perIo(double value) {
    if (value == 0) {
      return "0";
    }
    if (value < 0.0005) {
      return "<.001";
    }
    return short5(value, 3);
  }

  /// Microseconds in at most five characters.
  static String micros(double value) {
    return value < 99_999.5 ? short5(value, 2) : scientific(value, 0);
  }

  /// Thousands of I/Os per second in at most seven characters.
  static String kilo(double iosPerSecond) {
    double value = iosPerSecond / 1000;
    if (value < 99_999.95) {
      return fixed(value, 1);
    }
    return value < 999_999.5 ? fixed(value, 0) : scientific(value, 1);
  }

  /// A load as a reader says it.
  static String load(double load) {
    if (load == Run.ONE_AT_A_TIME) {
      return "one";
    }
    return load == Run.MAXIMUM ? "max" : short5(load, 2).replaceAll("0+$", "");
  }

  /// A field of a connector's own; its doubles are per I/O.
  static String extra(Object value) {
    return value instanceof Double d ? perIo(d) : value.toString();
  }

  /// A number without needless zeros.
  static String number(double value) {
    return fixed(value, 3).replaceAll("\\.?0+$", "");
  }

  static String kind(String kind) {
    return kind.equals(Run.COUNTED)
        ? "counted at the crossing by vbus; no figure is modelled"
        : "measured, from the kernel's own statistics; no figure is modelled";
  }

  static String composition(String kind) {
    return kind.equals(Run.COUNTED)
        ? "kicks that crossed + interrupts and the exits they cost + register accesses + halts,"
            + " each per completed I/O"
        : "all exits of the guest that the kernel counted, per completed I/O";
  }

  private static String short5(double value, int places) {
    if (value < 9.9995) {
      return fixed(value, places);
    }
    if (value < 99.995) {
      return fixed(value, Math.min(places, 2));
    }
    if (value < 999.95) {
      return fixed(value, 1);
    }
    return value < 99_999.5 ? fixed(value, 0) : scientific(value, 0);
  }

  private static String fixed(double value, int places) {
    return String.format(Locale.ROOT, "%." + places + "f", value);
  }

  private static String scientific(double value, int places) {
    return String.format(Locale.ROOT, "%." + places + "e", value)
        .replace("e+0", "e")
        .replace("e+", "e");
  }
}
