package org.vbus.connector.kvm.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.connector.kvm.guest.GuestCounter.*;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.core.connector.SignalPolicy;

@Timeout(60)
class RequestProgramTest {
  private static final int TOTAL = 192;
  private static final String READY = Integer.toString(GuestState.READY.code());
  private static final String DONE = Integer.toString(GuestState.DONE.code());

  private static RequestOptions options(SignalPolicy policy) {
    return RequestOptions.of(policy, EchoDevice.ID, TOTAL);
  }

  static List<RequestOptions> combinations() {
    List<RequestOptions> all = new ArrayList<>();
    for (SignalPolicy policy : SignalPolicy.values()) {
      for (Suppression suppression : Suppression.values()) {
        RequestOptions one = options(policy).withSuppression(suppression);
        all.add(one);
        all.add(one.withDevices(3).withDepth(8, 4).withBytes(8).withDoorbell(Doorbell.REGISTER));
      }
      all.add(options(policy).withDevices(5).withDepth(64, 64).withBytes(2048).withLevels(0, 1, 2));
    }
    return all;
  }

  @ParameterizedTest
  @MethodSource("combinations")
  void getsEveryAnswerRight(RequestOptions options) throws Exception {
    try (TestMachine machine = start(options)) {
      assertThat(machine.report()).isEqualTo(READY);
      machine.allow(Long.MAX_VALUE);
      assertThat(machine.report()).isEqualTo(DONE);
      GuestCounters counters = machine.counters;
      System.out.println(options + " " + counters + " signals=" + machine.signals);
      assertThat(counters.state()).isEqualTo(GuestState.DONE);
      assertThat(counters.get(BAD_ANSWERS)).isZero();
      for (int i = 0; i < options.devices(); i++) {
        assertThat(counters.answered(i)).isEqualTo(TOTAL);
      }
      assertThat(counters.get(KICKS) + counters.get(KICKS_SUPPRESSED))
          .isEqualTo((long) options.devices() * TOTAL / options.batch());
      assertThat(counters.get(ENDS_OF_INTERRUPT))
          .isEqualTo(
              counters.get(DEVICE_INTERRUPTS)
                  + counters.get(LEVEL_INTERRUPTS)
                  + counters.get(CONTROL_INTERRUPTS));
    }
  }

  private static TestMachine start(RequestOptions options) throws Exception {
    return new TestMachine(new RequestProgram(options), options.policy(), options.devices())
        .start();
  }

  @Test
  void aPollingGuestNeitherHaltsNorIsInterrupted() throws Exception {
    RequestOptions options = options(SignalPolicy.POLLED);
    try (TestMachine machine = start(options)) {
      assertThat(machine.report()).isEqualTo(READY);
      assertThat(machine.control.allow(TOTAL)).isFalse();
      assertThat(machine.report()).isEqualTo(DONE);
      assertThat(machine.counters.get(HALTS)).isZero();
      assertThat(machine.counters.get(ENDS_OF_INTERRUPT)).isZero();
      assertThat(machine.signals.get()).isZero();
    }
  }
}
