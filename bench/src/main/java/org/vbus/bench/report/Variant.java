package org.vbus.bench.report;

import static java.util.Comparator.comparingInt;

import java.util.Comparator;
import java.util.List;
import java.util.Locale;

/// What tells two curves of one chart apart.
///
/// @param policy signal policy
/// @param label the run's extra field `label`, or empty
/// @param batch the run's extra field `batch`, or 0
/// @param eventIdx whether the event index was negotiated
record Variant(String policy, String label, long batch, boolean eventIdx) {
  private static final List<String> POLICIES = List.of("direct", "ring", "polled");

  static final Comparator<Variant> ORDER =
      comparingInt(Variant::rank)
          .thenComparing(Variant::policy)
          .thenComparing(Variant::label)
          .thenComparingLong(Variant::batch)
          .thenComparing(Variant::eventIdx);

  static Variant of(Run run) {
    return new Variant(
        run.policy(),
        run.extra().get("label") instanceof String label ? label : "",
        run.extra().get("batch") instanceof Number batch ? batch.longValue() : 0,
        run.eventIdx());
  }

  /// The same without the event index: those share a marker, the event index is the dash pattern.
  Variant family() {
    return new Variant(policy, label, batch, false);
  }

  /// The same for curves over the batch size.
  Variant anyBatch() {
    return new Variant(policy, label, 0, eventIdx);
  }

  String text() {
    return String.format(
        Locale.ROOT,
        "%s%s%s, event index %s",
        policy,
        label.isEmpty() ? "" : ", " + label,
        batch == 0 ? "" : ", batch " + batch,
        eventIdx ? "on" : "off");
  }

  private int rank() {
    int rank = POLICIES.indexOf(policy);
    return rank < 0 ? POLICIES.size() : rank;
  }
}
