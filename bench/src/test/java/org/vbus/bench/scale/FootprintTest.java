package org.vbus.bench.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.vbus.bench.BenchFailure;

class FootprintTest {
  @Test
  void fieldsAreFoundByTheirWholeName() {
    String status = "RssAnonymous:\t1 kB\nRssAnon:\t   41234 kB\nThreads:\t17\n";
    assertThat(Footprint.field(status, "RssAnon")).isEqualTo(41234);
    assertThat(Footprint.field(status, "Threads")).isEqualTo(17);
    assertThatThrownBy(() -> Footprint.field(status, "VmSwap")).hasMessageContaining("VmSwap");
  }

  @Test
  void thisProcessHasSomeOfEverything() {
    Footprint own = Footprint.of(ProcessHandle.current().pid());
    assertThat(own.ownKb()).isGreaterThan(1000);
    assertThat(own.residentKb()).isGreaterThanOrEqualTo(own.ownKb());
    assertThat(own.threads()).isGreaterThan(1);
    assertThat(own.descriptors()).isGreaterThan(2);
    assertThat(own.cpuNanos()).isPositive();
  }

  @Test
  void aProcessThatIsNotThereIsAFailure() {
    assertThatThrownBy(() -> Footprint.of(Integer.MAX_VALUE)).isInstanceOf(BenchFailure.class);
  }

  @Test
  void theHeapOfAnotherJvmIsTheSumOfItsClassHistogram() {
    String histogram =
        """
        27500:
         num     #instances         #bytes  class name (module)
           1:         34057        2534616  [B (java.base@25)
        Total        224417       11640496
        """;
    assertThat(LiveHeap.total(histogram)).hasValue(11640496);
    assertThat(LiveHeap.total("no such process")).isEmpty();
    assertThat(LiveHeap.here()).isPositive();
  }
}
