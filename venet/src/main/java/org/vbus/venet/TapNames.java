package org.vbus.venet;

import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.vbus.stack.config.Located;

/// The taps of all switches of a stack, so that one named twice is found before anything starts:
/// the kernel could only say that it is busy.
final class TapNames {
  private final Map<Interface, Located<String>> taken = new HashMap<>();

  /// An interface of the host.
  private record Interface(String name, @Nullable String netns) {}

  /// Takes the interface that `tap` names.
  ///
  /// @throws org.vbus.stack.config.BadConfigException naming where it is used already
  void take(TapConfig tap) {
    Located<String> name = tap.name();
    if (name.value().contains("%d")) {
      return; // the kernel picks a free number
    }
    Located<String> netns = tap.netns();
    Located<String> first =
        taken.putIfAbsent(new Interface(name.value(), netns == null ? null : netns.value()), name);
    if (first != null) {
      throw name.error(
          "tap %s is used already at %s (%s); give each port a tap of its own"
              .formatted(name.value(), first.origin(), first.path()));
    }
  }
}
