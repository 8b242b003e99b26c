package org.vbus.connector.kvm.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.connector.kvm.guest.GuestCounter.*;

import java.util.ArrayList;
import java.util.Arrays;
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

  @Test
  void makesNoMoreRequestsThanTheHostAllows() throws Exception {
    for (SignalPolicy policy : SignalPolicy.values()) {
      RequestOptions options = options(policy).withDevices(2).withDepth(8, 8);
      try (TestMachine machine = start(options)) {
        assertThat(machine.report()).isEqualTo(READY);
        long allowed = 0;
        for (int more : new int[] {1, 3, 8, 17, 1}) {
          allowed += more;
          machine.allow(allowed);
          awaitAnswers(machine, allowed);
        }
        assertThat(machine.counters.state()).isEqualTo(GuestState.RUNNING);
        assertThat(machine.counters.get(BAD_ANSWERS)).isZero();
        machine.allow(Long.MAX_VALUE);
        assertThat(machine.report()).isEqualTo(DONE);
        assertThat(machine.counters.answered()).isEqualTo(2L * TOTAL);
      }
    }
  }

  private static void awaitAnswers(TestMachine machine, long each) {
    while (machine.counters.answered(0) < each || machine.counters.answered(1) < each) {
      Thread.onSpinWait();
    }
    assertThat(machine.counters.answered()).isEqualTo(2 * each);
  }

  @Test
  void endsWhenTheHostSaysSo() throws Exception {
    for (SignalPolicy policy : SignalPolicy.values()) {
      for (long allowed : new long[] {0, 5}) {
        try (TestMachine machine = start(options(policy))) {
          assertThat(machine.report()).isEqualTo(READY);
          machine.allow(allowed);
          machine.control.stop();
          machine.interrupt(Vectors.CONTROL);
          assertThat(machine.report()).isEqualTo(DONE);
          assertThat(machine.counters.answered()).isLessThanOrEqualTo(allowed);
        }
      }
    }
  }

  @Test
  void hearsOfMoreDevicesThanAnEventRingHolds() throws Exception {
    int plugged = 150;
    RequestOptions options = options(SignalPolicy.RING);
    try (TestMachine machine =
        new TestMachine(new RequestProgram(options), SignalPolicy.RING, plugged).start()) {
      assertThat(machine.report()).isEqualTo(READY);
      machine.allow(TOTAL);
      assertThat(machine.report()).isEqualTo(DONE);
      assertThat(machine.counters.get(EVENTS)).isGreaterThanOrEqualTo(plugged);
      assertThat(machine.counters.get(EVENT_KICKS)).isPositive();
      assertThat(machine.counters.get(BAD_ANSWERS)).isZero();
    }
  }

  @Test
  void givesUpOnABusItWasNotWrittenFor() throws Exception {
    try (TestMachine machine =
        new TestMachine(new RequestProgram(options(SignalPolicy.RING)), SignalPolicy.DIRECT, 1)
            .start()) {
      assertThat(machine.report()).contains(GuestPanic.text(GuestPanic.WRONG_POLICY.code()));
      assertThat(machine.counters.state()).isEqualTo(GuestState.PANIC);
    }
  }

  @Test
  void givesUpWithoutEnoughDevices() throws Exception {
    RequestOptions options = options(SignalPolicy.DIRECT).withDevices(3);
    try (TestMachine machine =
        new TestMachine(new RequestProgram(options), SignalPolicy.DIRECT, 2).start()) {
      assertThat(machine.report()).contains(GuestPanic.text(GuestPanic.TOO_FEW_DEVICES.code()));
    }
  }

  @Test
  void givesUpOnAQueueThatIsTooSmall() throws Exception {
    RequestOptions options = options(SignalPolicy.DIRECT).withDepth(256, 1);
    try (TestMachine machine = start(options)) {
      assertThat(machine.report()).contains(GuestPanic.text(GuestPanic.QUEUE_TOO_SMALL.code()));
    }
  }

  @Test
  void givesUpOnAnInterruptNobodyAskedFor() throws Exception {
    try (TestMachine machine = start(options(SignalPolicy.DIRECT))) {
      assertThat(machine.report()).isEqualTo(READY);
      machine.interrupt(0xc1);
      assertThat(machine.report()).contains("0xc1");
    }
  }

  @Test
  void countsAnswersThatAreNotWhatWasAsked() throws Exception {
    RequestOptions options = options(SignalPolicy.DIRECT).withBytes(128);
    for (int wrong : new int[] {7, 127}) {
      try (TestMachine machine = start(options)) {
        EchoDevice echo = (EchoDevice) machine.bus.devices().getFirst().device().model();
        echo.corrupt(wrong);
        assertThat(machine.report()).isEqualTo(READY);
        machine.allow(TOTAL);
        assertThat(machine.report()).isEqualTo(DONE);
        assertThat(machine.counters.get(BAD_ANSWERS)).isEqualTo(TOTAL);
      }
    }
  }

  /// Twelve devices that signal on level 1 and one on level 0, each with two requests. All answer
  /// while the guest is stopped in its last first kick; the urgent one again in the next but one.
  @Test
  void servesUrgentDevicesBetweenAFewOthers() throws Exception {
    int others = 12;
    Integer[] levels = new Integer[others + 1];
    Arrays.fill(levels, 1);
    levels[others] = 0;
    RequestOptions options =
        new RequestOptions(
            SignalPolicy.RING,
            EchoDevice.ID,
            others + 1,
            Doorbell.PORT,
            Suppression.NONE,
            1,
            1,
            64,
            2,
            List.of(levels));
    List<Integer> kicks = new ArrayList<>();
    List<Long> urgentAnswers = new ArrayList<>();
    try (TestMachine machine =
        new TestMachine(new RequestProgram(options), SignalPolicy.RING, others + 1)) {
      machine.stepped(slot -> {
        kicks.add(slot);
        urgentAnswers.add(machine.counters.answered(others));
        int number = kicks.size();
        if (number == others + 1 || number == others + 3 || number == 2 * others + 2) {
          machine.step();
        }
      });
      String _ = machine.start().report();
      machine.allow(Long.MAX_VALUE);
      assertThat(machine.report()).isEqualTo(DONE);
      assertThat(machine.counters.get(BAD_ANSWERS)).isZero();
    }
    assertThat(kicks).hasSize(2 * others + 2);
    assertThat(kicks.subList(others, others + 2)).containsExactly(others, others);
    assertThat(urgentAnswers.subList(0, others + 1)).containsOnly(0L);
    assertThat(urgentAnswers.subList(others + 1, others + 2 + RingCode.LOWER)).containsOnly(1L);
    assertThat(urgentAnswers.subList(others + 2 + RingCode.LOWER, 2 * others + 2)).containsOnly(2L);
  }
}
