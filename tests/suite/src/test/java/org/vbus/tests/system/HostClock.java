package org.vbus.tests.system;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The rate of this machine's time stamp counter, which an interpreted guest sees too.
final class HostClock {
  private static final Pattern NOMINAL = Pattern.compile("(?m)^cpu MHz\\s*: ([0-9.]+)$");

  private HostClock() {}

  static long tscKilohertz() {
    try {
      Matcher matcher = NOMINAL.matcher(Files.readString(Path.of("/proc/cpuinfo")));
      if (!matcher.find()) {
        throw new IllegalStateException("/proc/cpuinfo names no rate");
      }
      return Math.round(Double.parseDouble(matcher.group(1)) * 1000);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
