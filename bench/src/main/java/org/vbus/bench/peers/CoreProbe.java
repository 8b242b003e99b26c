package org.vbus.bench.peers;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.util.Arrays;
import java.util.BitSet;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.report.Spread;
import org.vbus.linux.CpuAffinity;

/// Measures how long a cache line takes from one processor to another and back: two threads, one on
/// each, hand a number to and fro. Whatever else polls there must be stopped meanwhile.
public final class CoreProbe {
  private static final VarHandle WORD = ValueLayout.JAVA_INT.varHandle().withInvokeExactBehavior();
  private static final int ROUNDS = 4000;
  private static final int BATCHES = 9;
  private static final long LINE = 128;

  private final int first;
  private final int second;

  /// One of the two threads is not there: the other must not wait for it.
  private volatile boolean failed;

  /// Between two processors.
  public CoreProbe(int first, int second) {
    this.first = first;
    this.second = second;
    // The compiler has to have seen it.
    for (int i = 0; i < 3; i++) {
      double _ = nanos();
    }
  }

  /// Nanoseconds per round trip, the median of some batches.
  public double nanos() {
    try (Arena arena = Arena.ofShared()) {
      MemorySegment ping = arena.allocate(LINE, LINE);
      MemorySegment pong = arena.allocate(LINE, LINE);
      FutureTask<double[]> asking = new FutureTask<>(() -> ask(ping, pong));
      FutureTask<double[]> answering = new FutureTask<>(() -> answer(ping, pong));
      Thread one = Thread.ofPlatform().name("probe-0").daemon(true).start(asking);
      Thread other = Thread.ofPlatform().name("probe-1").daemon(true).start(answering);
      double[] batches = asking.get();
      double[] _ = answering.get();
      one.join();
      other.join();
      return Spread.median(Arrays.stream(batches).boxed().toList());
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      throw new BenchFailure("interrupted", e);
    } catch (ExecutionException e) {
      throw new BenchFailure("cannot probe the distance of two processors", e.getCause());
    }
  }

  private double[] ask(MemorySegment ping, MemorySegment pong) throws IOException {
    bind(first);
    double[] batches = new double[BATCHES];
    int number = 0;
    for (int batch = 0; batch < BATCHES; batch++) {
      long start = System.nanoTime();
      number = send(ping, pong, number);
      batches[batch] = (double) (System.nanoTime() - start) / ROUNDS;
    }
    return batches;
  }

  private int send(MemorySegment ping, MemorySegment pong, int from) {
    int number = from;
    for (int i = 0; i < ROUNDS; i++) {
      number++;
      WORD.setRelease(ping, 0L, number);
      await(pong, number);
    }
    return number;
  }

  private double[] answer(MemorySegment ping, MemorySegment pong) throws IOException {
    bind(second);
    for (int number = 1; number <= ROUNDS * BATCHES; number++) {
      await(ping, number);
      WORD.setRelease(pong, 0L, number);
    }
    return new double[0];
  }

  private void await(MemorySegment word, int number) {
    while ((int) WORD.getAcquire(word, 0L) != number && !failed) {
      Thread.onSpinWait();
    }
  }

  private void bind(int processor) throws IOException {
    BitSet only = new BitSet();
    only.set(processor);
    try {
      CpuAffinity.set(only);
    } catch (IOException e) {
      failed = true;
      throw e;
    }
  }
}
