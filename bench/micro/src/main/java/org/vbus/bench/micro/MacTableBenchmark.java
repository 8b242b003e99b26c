package org.vbus.bench.micro;

import java.time.Duration;
import java.util.Arrays;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.vbus.venet.l2.MacTable;

/// The filtering database with 10 to a million stations, asked in an order that has nothing to do
/// with where they are in it. An operation is an address.
@State(Scope.Thread)
public class MacTableBenchmark extends LayerBenchmark {
  private static final int BATCH = 256;
  private static final int PORT = 7;
  private static final long NOW = 1_000_000_000L;

  @Param({"10", "1000", "100000", "1000000"})
  int addresses;

  private MacTable table;

  /// Those that are in the table.
  private long[] known;

  private int next;

  /// Fills the table.
  @Setup
  public void learnAll() {
    table = new MacTable(addresses, Duration.ofHours(1));
    known = new long[addresses];
    int count = 0;
    for (int i = 0; i < addresses; i++) {
      if (table.learn(address(i), PORT, NOW) >= 0) {
        known[count++] = address(i);
      }
    }
    // Of thousands, one may find its set full.
    known = Arrays.copyOf(known, count);
    expect(count, table.size());
    next = 0;
  }

  /// The locally administered addresses, in no order.
  private static long address(long i) {
    return 0x02_00_00_00_00_00L | (i * 0x9E_37_79_B9_7FL & 0xFF_FF_FF_FF_FFL);
  }

  private long following() {
    long mac = known[next];
    next = next + 1 == known.length ? 0 : next + 1;
    return mac;
  }

  /// The port of a station that is known.
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void lookup() {
    int ports = 0;
    for (int i = 0; i < BATCH; i++) {
      ports += table.lookup(following(), NOW);
    }
    expect(BATCH * PORT, ports);
  }

  /// A station that is known is heard again.
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void learn() {
    int refused = 0;
    for (int i = 0; i < BATCH; i++) {
      refused += table.learn(following(), PORT, NOW) >>> 31;
    }
    expect(0, refused);
  }

  /// A station goes and comes back.
  @Benchmark
  @OperationsPerInvocation(BATCH)
  public void removeAndLearn() {
    int refused = 0;
    for (int i = 0; i < BATCH; i++) {
      long mac = following();
      table.remove(mac, PORT);
      refused += table.learn(mac, PORT, NOW) >>> 31;
    }
    expect(0, refused);
    expect(known.length, table.size());
  }
}
