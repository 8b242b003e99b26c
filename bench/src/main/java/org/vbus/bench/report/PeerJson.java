package org.vbus.bench.report;

import java.util.LinkedHashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Writes comparisons with peers as JSON (RFC 8259), one comparison on a line.
final class PeerJson {
  private PeerJson() {}

  static String of(PeerReport report) {
    StringBuilder out = new StringBuilder("{\n\"environment\": ");
    JsonText.append(out, JsonReport.environment(report.environment()));
    JsonText.append(out.append(",\n\"peers\": "), report.versions());
    out.append(",\n\"comparisons\": [");
    String separator = "\n";
    for (PeerRow row : report.rows()) {
      JsonText.append(out.append(separator), row(row));
      separator = ",\n";
    }
    JsonText.append(out.append("\n],\n\"leftOut\": "), report.leftOut());
    return out.append("\n}\n").toString();
  }

  private static Map<String, @Nullable Object> row(PeerRow row) {
    Map<String, @Nullable Object> map = new LinkedHashMap<>();
    map.put("mode", row.mode());
    map.put("size", row.size());
    map.put("ring", row.ring());
    map.put("mergeable", row.mergeable());
    map.put("queues", row.queues());
    map.put("peer", row.peer());
    map.put("verifiedFrames", row.verified());
    map.put("results", row.groups().stream().map(PeerJson::group).toList());
    map.put("pairs", row.pairs().stream().map(PeerJson::pair).toList());
    map.put("discarded", row.discarded());
    return map;
  }

  private static Map<String, Object> group(PeerRow.Group group) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("distance", group.distance());
    map.put("pairs", group.pairs());
    map.put("ratio", spread(group.ratio()));
    map.put("oursMpps", spread(group.ours()));
    map.put("theirsMpps", spread(group.theirs()));
    return map;
  }

  private static Map<String, Object> spread(Spread spread) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("median", spread.median());
    map.put("low", spread.low());
    map.put("high", spread.high());
    return map;
  }

  private static Map<String, Object> pair(PeerPair pair) {
    Map<String, Object> map = new LinkedHashMap<>();
    map.put("distance", pair.distance());
    map.put("ratio", pair.ratio());
    map.put("oursMpps", pair.oursMpps());
    map.put("theirsMpps", pair.theirsMpps());
    map.putAll(pair.details());
    return map;
  }
}
