package org.vbus.bench;

import java.time.Duration;
import java.util.List;
import org.vbus.bench.report.Run;
import org.vbus.core.connector.SignalPolicy;

/// What to measure, and for how long.
///
/// Every combination of the lists is one run. Times are those of one run but `jit`, which is spent
/// once, on running all policies until the compiler has seen them.
///
/// @param policies signal policies
/// @param eventIndex whether the event index feature is offered
/// @param devices numbers of devices that share the guest
/// @param loads fractions of the maximum rate, [Run#ONE_AT_A_TIME] to [Run#MAXIMUM]
/// @param jit before the first run
/// @param warmUp before each measurement
/// @param window of each measurement
public record BenchOptions(
    List<SignalPolicy> policies,
    List<Boolean> eventIndex,
    List<Integer> devices,
    List<Double> loads,
    Duration jit,
    Duration warmUp,
    Duration window) {

  private static final List<Double> LOADS = List.of(Run.ONE_AT_A_TIME, 0.1, 0.5, 0.9, Run.MAXIMUM);

  /// Copies the lists and checks them.
  ///
  /// @throws IllegalArgumentException naming the value
  public BenchOptions {
    policies = List.copyOf(policies);
    eventIndex = List.copyOf(eventIndex);
    devices = List.copyOf(devices);
    loads = List.copyOf(loads);
    devices.forEach(n -> check(n >= 1 && n <= 64, "devices must be 1 to 64: " + n));
    loads.forEach(load -> check(load >= 0 && load <= 1, "load must be between 0 and 1: " + load));
    check(window.toMillis() >= 10, "a measurement takes at least 10 ms, not " + window);
    check(jit.toMillis() >= 200, "warming up takes at least 200 ms, not " + jit);
  }

  private static void check(boolean good, String message) {
    if (!good) {
      throw new IllegalArgumentException(message);
    }
  }

  private static BenchOptions all(int jitMillis, int warmUpMillis, int windowMillis) {
    return new BenchOptions(
        List.of(SignalPolicy.values()),
        List.of(false, true),
        List.of(1, 4, 16),
        LOADS,
        Duration.ofMillis(jitMillis),
        Duration.ofMillis(warmUpMillis),
        Duration.ofMillis(windowMillis));
  }

  /// Everything, in under a minute and a half.
  public static BenchOptions full() {
    return all(6000, 120, 600);
  }

  /// Everything, in under a quarter of a minute: right in what is counted, rough in what is timed.
  public static BenchOptions quick() {
    return all(2000, 20, 60);
  }

  /// The same for these policies only.
  public BenchOptions policies(SignalPolicy... only) {
    return new BenchOptions(List.of(only), eventIndex, devices, loads, jit, warmUp, window);
  }

  /// The same for these numbers of devices only.
  public BenchOptions devices(Integer... only) {
    return new BenchOptions(policies, eventIndex, List.of(only), loads, jit, warmUp, window);
  }

  /// The same for these loads only.
  public BenchOptions loads(Double... only) {
    return new BenchOptions(policies, eventIndex, devices, List.of(only), jit, warmUp, window);
  }

  /// The same with other times.
  public BenchOptions times(Duration newJit, Duration newWarmUp, Duration newWindow) {
    return new BenchOptions(policies, eventIndex, devices, loads, newJit, newWarmUp, newWindow);
  }

  /// Number of runs.
  public int runs() {
    return policies.size() * eventIndex.size() * devices.size() * loads.size();
  }
}
