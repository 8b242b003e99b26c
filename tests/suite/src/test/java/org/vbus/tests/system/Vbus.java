package org.vbus.tests.system;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;

/// The `./vbus` of this checkout. It does not build: what the tests run is what was packaged, and a
/// source that is newer than that is an error.
final class Vbus {
  /// Root of the checkout.
  static final Path HOME = Path.of(Objects.requireNonNull(System.getProperty("vbus.home")));

  private Vbus() {}

  /// The command, not started.
  ///
  /// @param before what to put before it, such as `setpriv`
  static ProcessBuilder command(List<String> before, String... arguments) {
    List<String> words = new ArrayList<>(before);
    words.add(HOME.resolve("vbus").toString());
    words.addAll(List.of(arguments));
    ProcessBuilder builder = new ProcessBuilder(words);
    builder.environment().put("VBUS_NO_BUILD", "1");
    builder.environment().remove("VBUS_JAVA_OPTS");
    return builder;
  }

  /// Runs it to its end.
  static Run run(String... arguments) {
    return Run.of(Duration.ofSeconds(60), command(List.of(), arguments));
  }
}
