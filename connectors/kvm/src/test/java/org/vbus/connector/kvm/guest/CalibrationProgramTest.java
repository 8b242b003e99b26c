package org.vbus.connector.kvm.guest;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vbus.core.connector.SignalPolicy;

@Timeout(60)
class CalibrationProgramTest {
  @Test
  void reportsBeforeAndAfterTheLoop() throws Exception {
    try (TestMachine machine =
        new TestMachine(new CalibrationProgram(), SignalPolicy.POLLED, 0).start()) {
      assertThat(machine.report()).isEqualTo(Integer.toString(GuestState.READY.code()));
      assertThat(machine.report()).isEqualTo(Integer.toString(GuestState.DONE.code()));
      assertThat(machine.counters.state()).isEqualTo(GuestState.DONE);
    }
  }
}
