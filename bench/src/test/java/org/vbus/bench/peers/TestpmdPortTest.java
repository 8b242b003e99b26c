package org.vbus.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.vbus.bench.BenchFailure;

class TestpmdPortTest {
  /// Recorded from DPDK 22.11, with a line of another thread among it.
  private static final String RECORDED =
      """
      show port stats all

        ######################## NIC statistics for port 0  ########################
        RX-packets: 7748224    RX-missed: 3          RX-bytes:  495886336
        RX-errors: 0
        RX-nombuf:  0
        TX-packets: 7748416    TX-errors: 0          TX-bytes:  495898624

        Throughput (since last show)
        Rx-pps:      1522270          Rx-bps:    779402352
      Port 1: link state change event
        Tx-pps:      1522271          Tx-bps:    779402352
        ############################################################################

        ######################## NIC statistics for port 1  ########################
        RX-packets: 10         RX-missed: 0          RX-bytes:  640
        RX-errors: 0
        RX-nombuf:  0
        TX-packets: 11         TX-errors: 0          TX-bytes:  704

        Throughput (since last show)
        Rx-pps:            5          Rx-bps:            0
        Tx-pps:            6          Tx-bps:            0
        ############################################################################
      """;

  @Test
  void everyPortHasItsCounters() {
    assertThat(TestpmdPort.parse(RECORDED))
        .isEqualTo(
            List.of(
                new TestpmdPort(7748224, 495886336, 7748416, 495898624, 1522270, 1522271),
                new TestpmdPort(10, 640, 11, 704, 5, 6)));
  }

  @Test
  void aPrintoutThatIsCutOffIsAFailure() {
    String cut = RECORDED.substring(0, RECORDED.lastIndexOf("Tx-pps"));
    assertThatThrownBy(() -> TestpmdPort.parse(cut))
        .isInstanceOf(BenchFailure.class)
        .hasMessageContaining("Tx-pps");
    assertThatThrownBy(() -> TestpmdPort.parse("Bad arguments")).hasMessageContaining("Bad");
  }
}
