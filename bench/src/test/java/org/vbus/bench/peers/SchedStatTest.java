package org.vbus.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.Map;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.vbus.bench.BenchFailure;

class SchedStatTest {
  @Test
  void theFirstTwoNumbersAreTimes() {
    assertThat(SchedStat.parse("51823091 204331 77\n")).isEqualTo(new SchedStat(51823091, 204331));
    assertThatThrownBy(() -> SchedStat.parse("1 2")).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theWorstThreadCounts() {
    Map<Long, SchedStat> before = Map.of(7L, new SchedStat(0, 1000), 8L, new SchedStat(0, 0));
    Map<Long, SchedStat> after = Map.of(7L, new SchedStat(0, 1010), 8L, new SchedStat(0, 40));
    assertThat(SchedStat.waited(before, after, 1000)).isEqualTo(0.04);
  }

  @Test
  void threadsAreFoundByName() throws InterruptedException {
    long own = ProcessHandle.current().pid();
    CountDownLatch runs = new CountDownLatch(1);
    Thread named =
        Thread.ofPlatform()
            .name("sched-stat")
            .daemon(true)
            .start(() -> {
              runs.countDown();
              idle();
            });
    runs.await();
    assertThat(SchedStat.of(own, "sched-stat")).hasSize(1);
    named.interrupt();
    named.join();
    assertThatThrownBy(() -> SchedStat.of(own, "no such thread"))
        .isInstanceOf(BenchFailure.class)
        .hasMessageContaining("no such thread");
  }

  private static void idle() {
    try {
      Thread.sleep(60_000);
    } catch (InterruptedException _) {
      // Done.
    }
  }
}
