package org.vbus.bench.micro;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;

/// The event ring of vbus beside a RingBuffer of the LMAX Disruptor, both ends on one thread. An
/// operation is an event, put in and taken out, `batch` of them at a time.
///
/// They do not promise the same: the event ring is in memory that a hostile guest writes, and takes
/// events of several threads; the Disruptor's, of one producer or several, is on the heap.
@State(Scope.Thread)
public class EventRingBenchmark extends LayerBenchmark {
  private static final int EVENTS = 64;

  @Param({"1", "64"})
  int batch;

  private final EventEnds.Vbus vbus = new EventEnds.Vbus();
  private final EventEnds.Disruptor single = new EventEnds.Disruptor(false);
  private final EventEnds.Disruptor multi = new EventEnds.Disruptor(true);

  /// The event ring.
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public void vbus() {
    pass(vbus);
  }

  /// A Disruptor for one producer.
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public void disruptorSingle() {
    pass(single);
  }

  /// A Disruptor for several producers.
  @Benchmark
  @OperationsPerInvocation(EVENTS)
  public void disruptorMulti() {
    pass(multi);
  }

  private void pass(EventEnds ends) {
    int taken = 0;
    for (int done = 0; done < EVENTS; done += batch) {
      for (int i = 0; i < batch; i++) {
        boolean _ = ends.offer();
      }
      taken += ends.take(batch);
    }
    expect(EVENTS, taken);
  }
}
