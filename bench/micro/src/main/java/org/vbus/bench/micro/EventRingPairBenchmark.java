package org.vbus.bench.micro;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.Group;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.infra.Control;

/// The same rings between two threads that spin: an operation is an event, at the pace of the
/// slower end. Says as much about the distance of the two processors as about the rings.
public class EventRingPairBenchmark extends LayerBenchmark {
  private static final int EVENTS = 64;

  /// An event ring.
  @State(Scope.Group)
  public static class Vbus {
    private final EventEnds ends = new EventEnds.Vbus();
  }

  /// A Disruptor for one producer.
  @State(Scope.Group)
  public static class Disruptor {
    private final EventEnds ends = new EventEnds.Disruptor(false);
  }

  /// One thread of the event ring.
  @Benchmark
  @Group("vbus")
  @OperationsPerInvocation(EVENTS)
  public void vbusProduce(Vbus state, Control control) {
    produce(state.ends, control);
  }

  /// The other thread.
  @Benchmark
  @Group("vbus")
  @OperationsPerInvocation(EVENTS)
  public void vbusConsume(Vbus state, Control control) {
    consume(state.ends, control);
  }

  /// One thread of the Disruptor.
  @Benchmark
  @Group("disruptor")
  @OperationsPerInvocation(EVENTS)
  public void disruptorProduce(Disruptor state, Control control) {
    produce(state.ends, control);
  }

  /// The other thread.
  @Benchmark
  @Group("disruptor")
  @OperationsPerInvocation(EVENTS)
  public void disruptorConsume(Disruptor state, Control control) {
    consume(state.ends, control);
  }

  private static void produce(EventEnds ends, Control control) {
    for (int i = 0; i < EVENTS; i++) {
      while (!ends.offer()) {
        if (control.stopMeasurement) {
          return;
        }
        Thread.onSpinWait();
      }
    }
  }

  private static void consume(EventEnds ends, Control control) {
    int taken = 0;
    while (taken < EVENTS) {
      int more = ends.take(EVENTS - taken);
      taken += more;
      if (more == 0) {
        if (control.stopMeasurement) {
          return;
        }
        Thread.onSpinWait();
      }
    }
  }
}
