package org.vbus.cli;

import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vbus.bench.report.JsonText;
import org.vbus.cli.FeatureNames.Bit;

/// What `vbus probe` found out about a back-end.
///
/// @param features virtio features, offered and agreed
/// @param protocolFeatures of vhost-user
/// @param queues most queues, in pairs for a network card; 0 when it does not say
/// @param memorySlots most memory regions
/// @param config fields of the configuration space in their order, empty when it shows none
/// @param selfTest what was done and what came of it, empty when nothing was
/// @param failure why the self-test failed, null when it did not
record ProbeReport(
    String socket,
    Kind kind,
    List<Bit> features,
    List<Bit> protocolFeatures,
    int queues,
    int memorySlots,
    Map<String, Object> config,
    Map<String, Object> selfTest,
    @Nullable String failure) {
  /// What the back-end is a device of.
  enum Kind {
    NET,
    BLK,
    UNKNOWN;

    @Override
    public String toString() {
      return name().toLowerCase(Locale.ROOT);
    }
  }

  /// For people.
  String text() {
    StringBuilder out = new StringBuilder();
    line(out, "socket", socket);
    line(out, "device", kind == Kind.UNKNOWN ? "unknown, name it with --device" : kind);
    bits(out, "features", features);
    bits(out, "protocol features", protocolFeatures);
    line(
        out,
        "queues",
        queues == 0 ? "not told" : kind == Kind.NET ? queues + " pairs at most" : queues);
    line(out, "memory slots", memorySlots);
    section(out, "configuration", config);
    section(out, "self-test", selfTest);
    return out.toString();
  }

  private static void line(StringBuilder out, String name, Object value) {
    out.append(String.format(Locale.ROOT, "%-18s %s%n", name, value));
  }

  private static void bits(StringBuilder out, String name, List<Bit> bits) {
    line(out, name, "0x%x offered, 0x%x used".formatted(mask(bits, false), mask(bits, true)));
    for (Bit bit : bits) {
      out.append("  %2d %s%n".formatted(bit.number(), bit.name() + (bit.agreed() ? ", used" : "")));
    }
  }

  private static long mask(List<Bit> bits, boolean agreedOnly) {
    long mask = 0;
    for (Bit bit : bits) {
      if (bit.agreed() || !agreedOnly) {
        mask |= 1L << bit.number();
      }
    }
    return mask;
  }

  private static void section(StringBuilder out, String name, Map<String, Object> values) {
    if (values.isEmpty()) {
      line(out, name, "none");
      return;
    }
    out.append(name).append(System.lineSeparator());
    values.forEach(
        (key, value) -> out.append(String.format(Locale.ROOT, "  %-32s %s%n", key, value)));
  }

  /// For programs: one object on one line.
  String json() {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("socket", socket);
    map.put("device", kind.toString());
    map.put("features", bits(features));
    map.put("protocolFeatures", bits(protocolFeatures));
    map.put("queues", queues);
    map.put("memorySlots", memorySlots);
    map.put("config", config);
    map.put("selfTest", selfTest);
    map.put("failure", failure);
    StringBuilder out = new StringBuilder();
    JsonText.append(out, map);
    return out.append('\n').toString();
  }

  private static List<Object> bits(List<Bit> bits) {
    return bits.stream()
        .<Object>map(bit -> {
          Map<String, Object> map = new LinkedHashMap<>();
          map.put("bit", bit.number());
          map.put("name", bit.name());
          map.put("used", bit.agreed());
          return map;
        })
        .toList();
  }
}
