package org.vbus.bench.micro;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.vbus.core.ring.Chain;

/// Chains of one, three and sixteen descriptors: reading and validating them (`peek`), and copying
/// out of and into their buffers (`read`, `write`). An operation is a chain.
public class ChainBenchmark extends LayerBenchmark {

  /// Chains in a ring of each format.
  @State(Scope.Thread)
  public static class Peeked {
    @Param Shape shape;
    @Param Format format;

    private final Chain chain = new Chain();
    private OfferedChains offered;

    /// Offers them.
    @Setup
    public void offer() {
      offered = new OfferedChains(format, shape, false);
    }
  }

  /// Chains that were looked at, and bytes to copy.
  @State(Scope.Thread)
  public static class Copied {
    @Param Shape shape;

    @Param({"64", "1500"})
    int bytes;

    private final MemorySegment local = Arena.ofAuto().allocate(Shape.BYTES, 64);
    private Chain[] readable;
    private Chain[] writable;

    /// Looks at them.
    @Setup
    public void peek() {
      readable = new OfferedChains(Format.SPLIT, shape, false).peekAll();
      writable = new OfferedChains(Format.SPLIT, shape, true).peekAll();
    }
  }

  /// Descriptors to pieces.
  @Benchmark
  @OperationsPerInvocation(OfferedChains.COUNT)
  public void peek(Peeked state) {
    int bytes = 0;
    for (int i = 0; i < OfferedChains.COUNT && state.offered.queue.peek(state.chain, i); i++) {
      bytes += state.chain.readable();
    }
    expect(OfferedChains.COUNT * Shape.BYTES, bytes);
    expect(state.shape.buffers, state.chain.pieces());
  }

  /// Guest to host.
  @Benchmark
  @OperationsPerInvocation(OfferedChains.COUNT)
  public void read(Copied state) {
    int bytes = 0;
    for (Chain chain : state.readable) {
      bytes += chain.read(0, state.local, 0, state.bytes);
    }
    expect(OfferedChains.COUNT * state.bytes, bytes);
    int last = state.bytes - 1;
    expect((byte) last, state.local.get(ValueLayout.JAVA_BYTE, last));
  }

  /// Host to guest.
  @Benchmark
  @OperationsPerInvocation(OfferedChains.COUNT)
  public void write(Copied state) {
    int bytes = 0;
    for (Chain chain : state.writable) {
      bytes += chain.write(0, state.local, 0, state.bytes);
    }
    expect(OfferedChains.COUNT * state.bytes, bytes);
  }
}
