package org.vbus.venet.l2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

class MacTableTest {
  private static final long SECOND = Duration.ofSeconds(1).toNanos();
  private static final long MAC = 0x5254_0000_0001L;

  private final MacTable table = new MacTable(1000, Duration.ofMinutes(5));

  @Test
  void knowsWhatItLearned() {
    assertThat(table.lookup(MAC, 0)).isEqualTo(MacTable.NO_PORT);
    table.learn(MAC, 7, 0);
    assertThat(table.lookup(MAC, 0)).isEqualTo(7);
    assertThat(table.lookup(MAC + 1, 0)).isEqualTo(MacTable.NO_PORT);
    assertThat(table.size()).isEqualTo(1);
  }

  @Test
  void holdsTheLargestAddressAndPort() {
    table.learn(0xFEFF_FFFF_FFFFL, MacTable.MAX_PORT, 0);
    assertThat(table.lookup(0xFEFF_FFFF_FFFFL, 0)).isEqualTo(MacTable.MAX_PORT);
  }

  @Test
  void neverLearnsZeroNorGroupAddresses() {
    assertThat(table.learn(0, 1, 0)).isNegative();
    assertThat(table.learn(MacAddress.BROADCAST, 1, 0)).isNegative();
    assertThat(table.learn(0x0100_5E00_0001L, 1, 0)).isNegative();
    assertThat(table.size()).isZero();
    assertThat(table.lookup(0, 0)).isEqualTo(MacTable.NO_PORT);
  }

  @Test
  void followsAStationThatMoves() {
    table.learn(MAC, 1, 0);
    table.learn(MAC, 2, 0);
    assertThat(table.lookup(MAC, 0)).isEqualTo(2);
    assertThat(table.size()).isEqualTo(1);
    assertThat(table.moved()).isEqualTo(1);
  }

  @Test
  void treatsASilentStationAsAbsentAfterTheAgeingTime() {
    long start = -5 * SECOND; // System.nanoTime may be negative, and may pass zero
    table.learn(MAC, 1, start);
    assertThat(table.lookup(MAC, start + 299 * SECOND)).isEqualTo(1);
    assertThat(table.lookup(MAC, start + 301 * SECOND)).isEqualTo(MacTable.NO_PORT);
  }

  @Test
  void keepsAStationThatIsHeardAgain() {
    int slot = table.learn(MAC, 1, 0);
    assertThat(table.refresh(slot, MAC, 1, 200 * SECOND)).isTrue();
    assertThat(table.lookup(MAC, 400 * SECOND)).isEqualTo(1);
    table.learn(MAC, 1, 400 * SECOND);
    assertThat(table.lookup(MAC, 600 * SECOND)).isEqualTo(1);
    assertThat(table.moved()).isZero();
  }

  @Test
  void refreshesOnlyWhatTheSlotStillHolds() {
    int slot = table.learn(MAC, 1, 0);
    assertThat(table.refresh(slot, MAC, 2, 0)).isFalse();
    assertThat(table.refresh(slot, MAC + 1, 1, 0)).isFalse();
    table.learn(MAC, 2, 0);
    assertThat(table.refresh(slot, MAC, 1, 0)).isFalse();
    table.removePort(2);
    assertThat(table.refresh(slot, MAC, 2, 0)).isFalse();
  }

  @Test
  void survivesTheWrapOfItsTicks() {
    long nearWrap = ((long) Integer.MAX_VALUE << 27) - SECOND;
    table.learn(MAC, 1, nearWrap);
    assertThat(table.lookup(MAC, nearWrap + 10 * SECOND)).isEqualTo(1);
    assertThat(table.lookup(MAC, nearWrap + 400 * SECOND)).isEqualTo(MacTable.NO_PORT);
  }

  @Test
  void sweepsWhatHasExpiredAndNothingElse() {
    table.learn(MAC, 1, 0);
    table.learn(MAC + 1, 1, 200 * SECOND);
    assertThat(table.sweep(301 * SECOND)).isEqualTo(1);
    assertThat(table.size()).isEqualTo(1);
    assertThat(table.lookup(MAC + 1, 301 * SECOND)).isEqualTo(1);
    assertThat(table.sweep(301 * SECOND)).isZero();
  }

  @Test
  void forgetsThePortThatIsRemoved() {
    for (int i = 0; i < 100; i++) {
      table.learn(MAC + i, 1 + i % 2, 0);
    }
    table.removePort(1);
    assertThat(table.size()).isEqualTo(50);
    for (int i = 0; i < 100; i++) {
      assertThat(table.lookup(MAC + i, 0)).isEqualTo(i % 2 == 0 ? MacTable.NO_PORT : 2);
    }
  }

  @Test
  void forgetsOneAddressOnlyIfItIsOnThatPort() {
    table.learn(MAC, 1, 0);
    table.remove(MAC, 2);
    assertThat(table.lookup(MAC, 0)).isEqualTo(1);
    table.remove(MAC, 1);
    assertThat(table.lookup(MAC, 0)).isEqualTo(MacTable.NO_PORT);
    assertThat(table.size()).isZero();
  }

  @Test
  void showsWhatIsAliveWithItsAge() {
    table.learn(MAC, 1, 0);
    table.learn(MAC + 1, 2, 299 * SECOND);
    Map<Long, Integer> seen = new HashMap<>();
    table.forEach(
        310 * SECOND,
        (mac, port, age) -> {
          seen.put(mac, port);
          assertThat(age).isBetween(Duration.ofSeconds(10), Duration.ofSeconds(12));
        });
    assertThat(seen).isEqualTo(Map.of(MAC + 1, 2));
  }

  @Test
  void staysWithinItsCapacityAndKeepsWhatItHas() {
    for (int i = 0; i < 100_000; i++) {
      table.learn(MAC + i, 1, 0);
    }
    assertThat(table.size()).isEqualTo(1000);
    assertThat(table.notLearned()).isEqualTo(99_000);
    assertThat(table.lookup(MAC, 0)).isEqualTo(1);
    assertThat(table.lookup(MAC + 99_999, 0)).isEqualTo(MacTable.NO_PORT);
  }

  @Test
  void learnsAgainOnceExpiredStationsAreSwept() {
    for (int i = 0; i < 2000; i++) {
      table.learn(MAC + i, 1, 0);
    }
    table.sweep(301 * SECOND);
    assertThat(table.size()).isZero();
    assertThat(table.learn(MAC + 5000, 1, 301 * SECOND)).isNotNegative();
  }

  @Test
  void reusesTheSlotOfAnExpiredStationEvenWhenFull() {
    MacTable small = new MacTable(16, Duration.ofSeconds(10));
    for (int i = 0; i < 16; i++) {
      small.learn(MAC + i, 1, 0);
    }
    assertThat(small.size()).isEqualTo(16);
    int learned = 0;
    for (int i = 100; i < 1100; i++) {
      if (small.learn(MAC + i, 2, 20 * SECOND) >= 0) {
        learned++;
      }
    }
    assertThat(learned).isEqualTo(16);
    assertThat(small.size()).isEqualTo(16);
  }

  @Test
  void holdsAMillionAddresses() {
    int stations = 1_000_000;
    MacTable large = new MacTable(stations, Duration.ofMinutes(5));
    for (int i = 0; i < stations; i++) {
      large.learn(MAC + i, 1 + i % 1000, 0);
    }
    // A set of eight overflows for few: less than one address in a thousand.
    assertThat(large.size()).isGreaterThan(stations - stations / 1000);
    assertThat(large.size() + large.notLearned()).isEqualTo(stations);
    int wrong = 0;
    for (int i = 0; i < stations; i++) {
      int port = large.lookup(MAC + i, 0);
      if (port != MacTable.NO_PORT && port != 1 + i % 1000) {
        wrong++;
      }
    }
    assertThat(wrong).isZero();
  }

  @Test
  void refusesImpossibleSizesAndTimes() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MacTable(0, Duration.ofMinutes(5)))
        .withMessageContaining("0 addresses");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new MacTable(1, Duration.ofMillis(999)))
        .withMessageContaining("PT0.999S");
  }

  /// Two loops learn the same stations on different ports while a third thread sweeps, removes and
  /// looks up: no address is entered twice, no port is invented, the size stays exact.
  @Test
  void staysConsistentUnderConcurrentUse() throws Exception {
    int stations = 3000;
    int rounds = 150;
    MacTable shared = new MacTable(2000, Duration.ofSeconds(10));
    CountDownLatch start = new CountDownLatch(1);
    List<Future<?>> loops = new ArrayList<>();
    try (ExecutorService threads = Executors.newFixedThreadPool(2)) {
      for (int port = 1; port <= 2; port++) {
        int ownPort = port;
        loops.add(
            threads.submit(() -> {
              start.await();
              for (int round = 0; round < rounds; round++) {
                for (int i = 0; i < stations; i++) {
                  long mac = MAC + (i * 7 + ownPort * 13) % stations;
                  shared.learn(mac, ownPort, round * SECOND);
                  assertThat(shared.lookup(mac, round * SECOND)).isBetween(0, 2);
                }
              }
              return null;
            }));
      }
      start.countDown();
      int sweeps = 0;
      while (!loops.stream().allMatch(Future::isDone)) {
        shared.sweep(sweeps++ % rounds * SECOND);
        shared.removePort(1 + sweeps % 2);
      }
      for (Future<?> loop : loops) {
        loop.get(30, TimeUnit.SECONDS);
      }
    }
    Map<Long, Integer> found = new HashMap<>();
    int[] entries = new int[1];
    shared.forEach(
        0,
        (mac, port, age) -> {
          entries[0]++;
          found.put(mac, port);
          assertThat(mac).isBetween(MAC, MAC + stations - 1);
          assertThat(port).isBetween(1, 2);
        });
    assertThat(found).hasSize(entries[0]);
    assertThat(shared.size()).isEqualTo(entries[0]).isLessThanOrEqualTo(2000);
  }
}
