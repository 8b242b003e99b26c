package org.vbus.bench.report;

import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.Map;
import java.util.OptionalDouble;
import java.util.Set;

/// The result of one benchmark run: one connector and signal policy under one load.
///
/// @param connector name of the connector, such as `loopback`
/// @param policy signal policy: `direct`, `ring` or `polled`
/// @param eventIdx whether the event index feature was negotiated
/// @param devices devices that shared the guest
/// @param load [#ONE_AT_A_TIME], or the offered rate as a fraction of the maximum, up to [#MAXIMUM]
/// @param ios completed requests
/// @param seconds duration
/// @param kicksPerIo kicks that crossed the boundary, per I/O
/// @param interruptsPerIo times the guest's execution was diverted, per I/O
/// @param exitsPerIo all exits, per I/O
/// @param kind [#COUNTED] or [#MEASURED]
/// @param iosPerSecond completed requests per second, all devices together
/// @param latencyMicros percentiles of the time from submission to completion
/// @param parts further counts per I/O by name, see [Part]
/// @param extra fields that only some connectors have, such as `batch` and `label`; values are
///   strings, booleans, ints, longs or doubles. They become further members of the run in JSON
public record Run(
    String connector,
    String policy,
    boolean eventIdx,
    int devices,
    double load,
    long ios,
    double seconds,
    double kicksPerIo,
    double interruptsPerIo,
    double exitsPerIo,
    String kind,
    double iosPerSecond,
    Latency latencyMicros,
    Map<String, Double> parts,
    Map<String, Object> extra) {

  /// Kind of a figure counted by vbus at the crossing.
  public static final String COUNTED = "counted";

  /// Kind of a figure taken from the kernel's own statistics.
  public static final String MEASURED = "measured";

  /// Load at which a single request is outstanding, whatever the number of devices.
  public static final double ONE_AT_A_TIME = 0;

  /// Load at which requests are submitted as fast as they are accepted.
  public static final double MAXIMUM = 1;

  private static final Set<String> FIELDS =
      Set.of(
          "connector",
          "policy",
          "eventIdx",
          "devices",
          "load",
          "ios",
          "seconds",
          "kicksPerIo",
          "interruptsPerIo",
          "exitsPerIo",
          "kind",
          "iosPerSecond",
          "latencyMicros",
          "parts");

  /// Copies the maps, keeping their order, and refuses figures that cannot be true.
  ///
  /// @throws IllegalArgumentException naming the field and its value
  public Run {
    if (!kind.equals(COUNTED) && !kind.equals(MEASURED)) {
      throw new IllegalArgumentException("kind must be counted or measured: " + kind);
    }
    if (devices < 1) {
      throw new IllegalArgumentException("devices must be positive: " + devices);
    }
    if (ios < 1) {
      throw new IllegalArgumentException("a run without I/O has no figures per I/O: ios " + ios);
    }
    if (!(load >= ONE_AT_A_TIME && load <= MAXIMUM)) {
      throw new IllegalArgumentException("load must be between 0 and 1: " + load);
    }
    requireCount("seconds", seconds);
    requireCount("kicksPerIo", kicksPerIo);
    requireCount("interruptsPerIo", interruptsPerIo);
    requireCount("exitsPerIo", exitsPerIo);
    requireCount("iosPerSecond", iosPerSecond);
    parts.forEach((name, value) -> requireCount("part " + name, value));
    extra.forEach(Run::requireExtra);
    parts = Collections.unmodifiableMap(new LinkedHashMap<>(parts));
    extra = Collections.unmodifiableMap(new LinkedHashMap<>(extra));
  }

  /// A run without fields of its connector's own.
  public Run(
      String connector,
      String policy,
      boolean eventIdx,
      int devices,
      double load,
      long ios,
      double seconds,
      double kicksPerIo,
      double interruptsPerIo,
      double exitsPerIo,
      String kind,
      double iosPerSecond,
      Latency latencyMicros,
      Map<String, Double> parts) {
    this(
        connector,
        policy,
        eventIdx,
        devices,
        load,
        ios,
        seconds,
        kicksPerIo,
        interruptsPerIo,
        exitsPerIo,
        kind,
        iosPerSecond,
        latencyMicros,
        parts,
        Map.of());
  }

  /// A part per I/O, or empty if this run did not count it: absent is not zero. Kicks and
  /// interrupts are always there.
  public OptionalDouble part(String name) {
    Double value = parts.get(name);
    if (value != null) {
      return OptionalDouble.of(value);
    }
    return switch (name) {
      case Part.KICKS -> OptionalDouble.of(kicksPerIo);
      case Part.INTERRUPTS -> OptionalDouble.of(interruptsPerIo);
      default -> OptionalDouble.empty();
    };
  }

  private static void requireCount(String name, double value) {
    if (!(value >= 0 && value < Double.POSITIVE_INFINITY)) {
      throw new IllegalArgumentException(name + " must be finite and not negative: " + value);
    }
  }

  private static void requireExtra(String name, Object value) {
    if (FIELDS.contains(name)) {
      throw new IllegalArgumentException("an extra field may not replace a field: " + name);
    }
    switch (value) {
      case Double d when !Double.isFinite(d) ->
          throw new IllegalArgumentException("extra field " + name + " must be finite: " + d);
      case String _, Boolean _, Integer _, Long _, Double _ -> {}
      default ->
          throw new IllegalArgumentException(
              "extra field " + name + " must be a string, boolean, int, long or double: " + value);
    }
  }
}
