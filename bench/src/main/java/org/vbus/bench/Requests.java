package org.vbus.bench;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.vbus.proxy.driver.RequestDriver;

/// The requests of a benchmark: fills them, checks what comes back, and takes their latency.
///
/// Every word of a request is made from the request's number, and every word of the response is
/// compared, as an application would write and read its data; a response that is stale, torn or
/// another request's is noticed. Used on the guest's thread; no allocation per request.
final class Requests {
  private static final ValueLayout.OfLong WORD = ValueLayout.JAVA_LONG;
  private static final int BYTES = LoopbackStack.REQUEST_BYTES;
  private static final long SPREAD = 0x9e3779b97f4a7c15L;
  private static final long MAX_LATENCY_NANOS = 60_000_000_000L;

  private final RequestDriver[] drivers;
  private final long[][] numbers;
  private final long[][] starts;
  private final Histogram latency = new Histogram(1, MAX_LATENCY_NANOS, 3);
  private long submitted;
  private long completed;
  private boolean refill;

  Requests(List<RequestDriver> drivers) {
    this.drivers = drivers.toArray(RequestDriver[]::new);
    this.numbers = new long[drivers.size()][];
    this.starts = new long[drivers.size()][];
    for (int i = 0; i < drivers.size(); i++) {
      int device = i;
      RequestDriver driver = drivers.get(i);
      numbers[i] = new long[driver.depth()];
      starts[i] = new long[driver.depth()];
      driver.onCompletion((token, written) -> completed(device, token, written));
    }
  }

  int devices() {
    return drivers.length;
  }

  /// Submits a request to `device` and kicks if the device wants that, as independent processes do.
  ///
  /// @param start from when its latency counts, as [System#nanoTime()]
  /// @return false when all of the device's requests are in flight
  boolean submit(int device, long start) {
    RequestDriver driver = drivers[device];
    int token = driver.take();
    if (token < 0) {
      return false;
    }
    long number = ++submitted;
    numbers[device][token] = number;
    starts[device][token] = start;
    MemorySegment memory = driver.memory();
    long at = driver.request(token);
    for (int i = 0; i < BYTES; i += Long.BYTES) {
      memory.set(WORD, at + i, word(number, i));
    }
    driver.submit(token);
    driver.publish();
    return true;
  }

  private void completed(int device, int token, int written) {
    long now = System.nanoTime();
    RequestDriver driver = drivers[device];
    MemorySegment memory = driver.memory();
    long at = driver.response(token);
    long number = numbers[device][token];
    long wrong = written ^ BYTES;
    for (int i = 0; i < BYTES; i += Long.BYTES) {
      wrong |= memory.get(WORD, at + i) ^ word(number, i);
    }
    if (wrong != 0) {
      throw mismatch(device, token, written);
    }
    latency.recordValue(Math.clamp(now - starts[device][token], 1, MAX_LATENCY_NANOS));
    completed++;
    if (refill) {
      submit(device, now);
    }
  }

  private static long word(long number, int offset) {
    return (number + offset) * SPREAD;
  }

  private BenchFailure mismatch(int device, int token, int written) {
    return new BenchFailure(
        "device %d answered request %d with %d bytes, of which some are wrong"
            .formatted(device, numbers[device][token], written));
  }

  /// Whether a completed request is submitted anew at once.
  void refill(boolean on) {
    refill = on;
  }

  long completed() {
    return completed;
  }

  long inFlight() {
    return submitted - completed;
  }

  /// Latencies since the last [#restart()], in nanoseconds.
  Histogram latency() {
    return latency;
  }

  /// Forgets the latencies.
  void restart() {
    latency.reset();
  }
}
