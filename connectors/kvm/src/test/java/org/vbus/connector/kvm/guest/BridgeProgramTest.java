package org.vbus.connector.kvm.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.vbus.connector.kvm.guest.GuestCounter.*;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.vbus.core.connector.SignalPolicy;

@Timeout(60)
class BridgeProgramTest {
  private static final int TOTAL = 96;
  private static final String READY = Integer.toString(GuestState.READY.code());
  private static final String DONE = Integer.toString(GuestState.DONE.code());
  private static final RequestOptions ONE =
      RequestOptions.of(SignalPolicy.RING, EchoDevice.ID, TOTAL);

  private static void runs(RequestOptions options, int devices) throws Exception {
    try (TestMachine machine =
        new TestMachine(new BridgeProgram(options), SignalPolicy.RING, devices).bridged().start()) {
      assertThat(machine.report()).isEqualTo(READY);
      machine.allow(Long.MAX_VALUE);
      assertThat(machine.report()).isEqualTo(DONE);
      GuestCounters counters = machine.counters;
      assertThat(counters.answered(0)).isEqualTo(TOTAL);
      assertThat(counters.get(BAD_ANSWERS)).isZero();
      assertThat(counters.get(KICKS) + counters.get(KICKS_SUPPRESSED))
          .isEqualTo(TOTAL / options.batch());
      assertThat(counters.get(ENDS_OF_INTERRUPT))
          .isEqualTo(counters.get(LEVEL_INTERRUPTS) + counters.get(CONTROL_INTERRUPTS));
      assertThat(machine.bus.devices().getFirst().device().running()).isFalse();
    }
  }

  @ParameterizedTest
  @EnumSource(Suppression.class)
  void opensUsesAndClosesADevice(Suppression suppression) throws Exception {
    runs(ONE.withSuppression(suppression), 1);
    runs(ONE.withSuppression(suppression).withDepth(32, 8).withBytes(1024), 3);
  }

  @Test
  void findsTheDeviceItWantsAmongOthers() throws Exception {
    RequestOptions options = RequestOptions.of(SignalPolicy.RING, EchoDevice.ID + 1, TOTAL);
    try (TestMachine machine =
        new TestMachine(new BridgeProgram(options), SignalPolicy.RING, 2).bridged().start()) {
      machine.bus.plug("wanted", new EchoDevice(EchoDevice.ID + 1));
      assertThat(machine.report()).isEqualTo(READY);
      machine.allow(TOTAL);
      assertThat(machine.report()).isEqualTo(DONE);
      assertThat(machine.counters.answered(0)).isEqualTo(TOTAL);
    }
  }

  @Test
  void givesUpWithoutABridge() throws Exception {
    try (TestMachine machine =
        new TestMachine(new BridgeProgram(ONE), SignalPolicy.RING, 1).start()) {
      assertThat(machine.report()).contains(GuestPanic.text(GuestPanic.NO_BUS.code()));
    }
  }

  @Test
  void usesOneDevice() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new BridgeProgram(ONE.withDevices(2)))
        .withMessageContaining("2");
  }
}
