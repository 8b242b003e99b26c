package org.vbus.connector.kvm.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.core.connector.SignalPolicy;

@Timeout(60)
class HostileProgramsTest {
  static List<HostileProgram> programs() {
    return HostilePrograms.all();
  }

  @ParameterizedTest
  @MethodSource("programs")
  void endsAsItsTableSays(HostileProgram program) throws Exception {
    try (TestMachine machine = new TestMachine(program, SignalPolicy.DIRECT, 1).start()) {
      switch (program.ending()) {
        case REPORT ->
            assertThat(machine.report()).isEqualTo(Integer.toString(GuestState.DONE.code()));
        case PANIC -> {
          assertThat(machine.report()).startsWith(TestMachine.PANIC);
          assertThat(machine.counters.state()).isEqualTo(GuestState.PANIC);
        }
        case BROKEN -> {
          String report = machine.report();
          assertThat(report).matches("(shutdown|internal error).*");
        }
        case NEVER -> {
          assertThat(machine.awaitRunning()).isEqualTo(GuestState.RUNNING);
          assertThat(machine.ended()).isFalse();
        }
      }
    }
  }

  @Test
  void isFoundByItsName() {
    assertThat(HostilePrograms.named("spins").ending()).isEqualTo(HostileProgram.Ending.NEVER);
    assertThatIllegalArgumentException().isThrownBy(() -> HostilePrograms.named("behaves"));
  }
}
