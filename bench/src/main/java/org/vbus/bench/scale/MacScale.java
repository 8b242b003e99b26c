package org.vbus.bench.scale;

import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.Progress;
import org.vbus.bench.report.Column;
import org.vbus.bench.report.Spread;
import org.vbus.bench.report.Table;
import org.vbus.venet.l2.MacTable;

/// The table of addresses, from a few to as many as a switch may be configured for. All of them are
/// used, in an order without pattern, so that the working set is the whole table.
final class MacScale {
  private static final List<Column> COLUMNS =
      List.of(
          Column.of("addresses", "addresses"),
          new Column("tableKb", "table kB", 1),
          new Column("bytesPerAddress", "bytes /address", 0),
          new Column("learnNanos", "learn new ns", 1),
          new Column("knownNanos", "learn known ns", 1),
          new Column("lookupNanos", "look up ns", 1),
          new Column("unknownNanos", "look up unknown ns", 1),
          Column.of("notLearned", "not learned"));

  /// Small tables are filled by the dozen, because a clock costs as much as learning an address.
  private static final int LEAST_TOGETHER = 20_000;

  private static final int ROUNDS = 5;
  private static final int CHUNK = 4096;
  private static final Duration AGEING = Duration.ofHours(1);

  /// Added to the number of an address that is learned, gives one that is not.
  private static final long UNKNOWN = 1L << 32;

  private static final double GOLDEN = 0.618033988749895;

  private final Duration window;
  private final Progress progress;
  private final List<Map<String, Object>> rows = new ArrayList<>();

  /// Those that are measured; a field, so that a collection finds them alive.
  private List<MacTable> tables = List.of();

  /// What look-ups answered, so that none is optimised away.
  private long answers;

  /// @param window of each kind of access
  MacScale(Duration window, Progress progress) {
    this.window = window;
    this.progress = progress;
  }

  /// A locally administered address; another one for each number.
  private static long address(long number) {
    return 0x0200_0000_0000L | ((number + 1) * 0x9E_3779_B97FL & 0xff_ffff_ffffL);
  }

  private static int port(int number) {
    return 1 + number % 1000;
  }

  /// [#CHUNK] accesses of one kind, from address `number` on.
  private interface Chunk {
    /// The address to go on with.
    int run(MacTable table, int number, int stride, int count, long now);
  }

  /// Fills tables of that many addresses and uses them.
  void measure(int addresses) {
    progress.step("MAC table, " + addresses + " addresses");
    int together = Math.ceilDiv(LEAST_TOGETHER, addresses);
    int stride = stride(addresses);
    List<Double> learned = new ArrayList<>();
    List<Double> sizes = new ArrayList<>();
    for (int round = 0; round < ROUNDS; round++) {
      tables = List.of();
      long before = LiveHeap.here();
      tables = made(together, addresses);
      sizes.add((double) (LiveHeap.here() - before) / together);
      learned.add(fill(tables, addresses, stride));
    }
    double bytes = Spread.median(sizes);
    MacTable table = tables.getFirst();
    long notLearned = table.notLearned();
    Map<String, Object> row = new LinkedHashMap<>();
    row.put("addresses", addresses);
    row.put("tableKb", bytes / 1024);
    row.put("bytesPerAddress", bytes / addresses);
    row.put("learnNanos", Spread.median(learned));
    row.put("knownNanos", nanos(table, addresses, stride, this::learnAgain));
    row.put("lookupNanos", nanos(table, addresses, stride, this::find));
    row.put("unknownNanos", nanos(table, addresses, stride, this::miss));
    row.put("notLearned", notLearned);
    if (table.size() + notLearned < addresses || answers == 0) {
      throw new BenchFailure(
          "a MAC table of %d addresses holds %d".formatted(addresses, table.size()));
    }
    rows.add(row);
    tables = List.of();
  }

  private static List<MacTable> made(int number, int addresses) {
    List<MacTable> made = new ArrayList<>();
    for (int i = 0; i < number; i++) {
      made.add(new MacTable(addresses, AGEING));
    }
    return made;
  }

  /// A step that visits all of `count`, apart from one after the other: near the golden section,
  /// without a common divisor.
  static int stride(int count) {
    int stride = Math.max(1, (int) (count * GOLDEN));
    while (gcd(stride, count) != 1) {
      stride++;
    }
    return stride;
  }

  private static int gcd(int a, int b) {
    return b == 0 ? a : gcd(b, a % b);
  }

  /// Nanoseconds for each address.
  private static double fill(List<MacTable> tables, int addresses, int stride) {
    long start = System.nanoTime();
    for (MacTable table : tables) {
      int number = 0;
      for (int i = 0; i < addresses; i++) {
        int _ = table.learn(address(number), port(number), start);
        number = next(number, stride, addresses);
      }
    }
    return (double) (System.nanoTime() - start) / tables.size() / addresses;
  }

  private static int next(int number, int stride, int count) {
    long next = (long) number + stride;
    return (int) (next < count ? next : next - count);
  }

  // Loops of their own rather than one with a parameter: the compiler sees each with its access.

  private int learnAgain(MacTable table, int first, int stride, int count, long now) {
    int number = first;
    for (int i = 0; i < CHUNK; i++) {
      answers += table.learn(address(number), port(number), now);
      number = next(number, stride, count);
    }
    return number;
  }

  private int find(MacTable table, int first, int stride, int count, long now) {
    int number = first;
    for (int i = 0; i < CHUNK; i++) {
      answers += table.lookup(address(number), now);
      number = next(number, stride, count);
    }
    return number;
  }

  private int miss(MacTable table, int first, int stride, int count, long now) {
    int number = first;
    for (int i = 0; i < CHUNK; i++) {
      answers += table.lookup(address(number + UNKNOWN), now) + 1;
      number = next(number, stride, count);
    }
    return number;
  }

  /// Nanoseconds for each access, the median of some rounds after one that warms up.
  private double nanos(MacTable table, int addresses, int stride, Chunk chunk) {
    List<Double> rounds = new ArrayList<>();
    int number = 0;
    for (int round = 0; round <= ROUNDS; round++) {
      long start = System.nanoTime();
      long now = start;
      long count = 0;
      while (now - start < window.toNanos() / ROUNDS) {
        number = chunk.run(table, number, stride, addresses, now);
        count += CHUNK;
        now = System.nanoTime();
      }
      if (round > 0) {
        rounds.add((double) (now - start) / count);
      }
    }
    return Spread.median(rounds);
  }

  /// What was measured so far.
  Table table() {
    return new Table(
        "macTable",
        "MAC table, as large as its addresses need, all of them in use",
        List.of(
            "Nanoseconds for each access, medians; making the address is in them. Not learned: the"
                + " set of the address was full."),
        COLUMNS,
        rows);
  }
}
