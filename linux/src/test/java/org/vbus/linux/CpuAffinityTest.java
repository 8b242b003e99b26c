package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.BitSet;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.Test;

class CpuAffinityTest {
  @Test
  void aThreadStaysWhereItIsPut() throws Exception {
    BitSet all = CpuAffinity.get();
    assertThat(all.cardinality()).isPositive();
    BitSet last = new BitSet();
    last.set(all.length() - 1);
    FutureTask<BitSet> other =
        new FutureTask<>(() -> {
          CpuAffinity.set(last);
          return CpuAffinity.get();
        });
    Thread.ofPlatform().start(other);
    assertThat(other.get()).isEqualTo(last);
    assertThat(CpuAffinity.get()).as("of the thread that was not put anywhere").isEqualTo(all);
  }

  @Test
  void noProcessorAtAllIsRefused() {
    assertThatThrownBy(() -> CpuAffinity.set(new BitSet()))
        .isInstanceOf(SystemCallException.class)
        .hasMessageContaining("EINVAL")
        .hasMessageContaining("sched_setaffinity");
  }
}
