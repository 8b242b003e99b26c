package org.vbus.bench.peers;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.vbus.bench.BenchFailure;

/// Counters of one port, as testpmd's `show port stats` prints them.
///
/// @param rxRate received frames per second since the last look
/// @param txRate sent ones
record TestpmdPort(long rx, long rxBytes, long tx, long txBytes, long rxRate, long txRate) {
  private static final Pattern PORT = Pattern.compile("NIC statistics for port (\\d+)");
  private static final Pattern COUNTER = Pattern.compile("([RT]x-pps|[RT]X-[a-z]+): *(\\d+)");

  /// The ports of a printout, in its order.
  ///
  /// @throws BenchFailure when a counter is missing
  static List<TestpmdPort> parse(String text) {
    List<TestpmdPort> ports = new ArrayList<>();
    Matcher port = PORT.matcher(text);
    while (port.find()) {
      Matcher counter = COUNTER.matcher(text).region(port.end(), text.length());
      ports.add(
          new TestpmdPort(
              next(counter, "RX-packets"),
              next(counter, "RX-bytes"),
              next(counter, "TX-packets"),
              next(counter, "TX-bytes"),
              next(counter, "Rx-pps"),
              next(counter, "Tx-pps")));
    }
    if (ports.isEmpty()) {
      throw new BenchFailure("testpmd printed no statistics: " + text.strip());
    }
    return ports;
  }

  private static long next(Matcher counter, String name) {
    while (counter.find()) {
      if (counter.group(1).equals(name)) {
        return Long.parseLong(counter.group(2));
      }
    }
    throw new BenchFailure("testpmd printed no " + name);
  }
}
