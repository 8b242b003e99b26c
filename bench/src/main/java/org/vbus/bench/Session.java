package org.vbus.bench;

import com.sun.management.ThreadMXBean;
import java.lang.management.ManagementFactory;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.HdrHistogram.Histogram;
import org.vbus.bench.report.Latency;
import org.vbus.bench.report.Run;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Tally;

/// One stack and the measurements taken on it. Belongs to the guest's thread, but for [#progress()]
/// and [#cancel()].
final class Session implements AutoCloseable {
  private static final List<Event> PARTS =
      List.of(
          Event.KICKS,
          Event.INTERRUPTS,
          Event.REGISTER_ACCESSES,
          Event.HALTS,
          Event.KICKS_SUPPRESSED,
          Event.SIGNALS,
          Event.SIGNALS_COALESCED,
          Event.WAKES,
          Event.SIGNALS_SUPPRESSED);

  /// Extra field of a run that could not keep its rate up: what the rate was.
  static final String OFFERED = "offeredIosPerSecond";

  /// A rate was not kept up when its requests took this much longer to do than to arrive.
  private static final double LATE = 1.1;

  private final Setup setup;
  private final ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
  private final LoopbackStack stack;
  private final Requests requests;
  private final Workload workload;
  private final long guestThread = Thread.currentThread().threadId();
  private double maximumRate;
  private long allocated;

  Session(Setup setup) {
    this.setup = setup;
    this.stack = new LoopbackStack(setup);
    this.requests = new Requests(stack.drivers());
    this.workload = new Workload(stack.guest(), requests);
  }

  /// Runs `load` for `warmUp`, then measures it for `window`. [Run#MAXIMUM] comes before the rates:
  /// it sets what they are fractions of. A run that could not keep its rate up says what it was.
  Run measure(double load, Duration warmUp, Duration window) {
    workload.run(load, maximumRate, warmUp.toNanos());
    requests.restart();
    Tally before = stack.tally();
    long completedBefore = requests.completed();
    long allocatedBefore = allocatedBytes();
    long start = System.nanoTime();

    workload.run(load, maximumRate, window.toNanos());

    long nanos = System.nanoTime() - start;
    allocated = Math.max(allocated, allocatedBytes() - allocatedBefore);
    Tally change = stack.tally().since(before);
    long completed = requests.completed() - completedBefore;
    if (change.get(Event.IOS) != completed) {
      throw new BenchFailure(
          "the devices completed %d requests, the drivers %d"
              .formatted(change.get(Event.IOS), completed));
    }
    if (load == Run.MAXIMUM) {
      maximumRate = completed * 1e9 / nanos;
    }
    Map<String, Object> extra = new LinkedHashMap<>();
    if (load > Run.ONE_AT_A_TIME && load < Run.MAXIMUM && nanos > LATE * window.toNanos()) {
      extra.put(OFFERED, load * maximumRate);
    }
    return run(load, change, nanos, extra);
  }

  private long allocatedBytes() {
    return threads.getThreadAllocatedBytes(guestThread)
        + threads.getThreadAllocatedBytes(stack.loopThread());
  }

  /// Most bytes that both threads allocated while they were measured. Some hundred are those of a
  /// deoptimisation; what a request allocates adds up to much more.
  long allocated() {
    return allocated;
  }

  private Run run(double load, Tally change, long nanos, Map<String, Object> extra) {
    Map<String, Double> parts = new LinkedHashMap<>();
    for (Event event : PARTS) {
      parts.put(event.key(), change.perIo(event));
    }
    return new Run(
        LoopbackBench.CONNECTOR,
        setup.policyName(),
        setup.eventIndex(),
        requests.devices(),
        load,
        change.get(Event.IOS),
        nanos / 1e9,
        change.perIo(Event.KICKS),
        change.perIo(Event.INTERRUPTS),
        change.exitsPerIo(),
        Run.COUNTED,
        change.get(Event.IOS) * 1e9 / nanos,
        latency(requests.latency()),
        parts,
        extra);
  }

  private static Latency latency(Histogram nanos) {
    return new Latency(
        nanos.getValueAtPercentile(50) / 1e3,
        nanos.getValueAtPercentile(99) / 1e3,
        nanos.getValueAtPercentile(99.9) / 1e3);
  }

  /// Requests the devices completed so far; any thread.
  long progress() {
    return stack.south().get(Event.IOS);
  }

  /// Makes the measurement fail soon; any thread.
  void cancel() {
    workload.cancel();
  }

  @Override
  public void close() {
    stack.close();
  }
}
