package org.vbus.tests.kvm;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.connector.kvm.BusAbi;
import org.vbus.connector.kvm.KickDelivery;
import org.vbus.connector.kvm.KvmOptions;
import org.vbus.connector.kvm.guest.GuestState;
import org.vbus.connector.kvm.guest.HostileProgram;
import org.vbus.connector.kvm.guest.HostilePrograms;
import org.vbus.connector.kvm.guest.RequestOptions;
import org.vbus.connector.kvm.guest.RequestProgram;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.PollLoop;
import org.vbus.fixture.stack.LogWatch;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.linux.Kvm;
import org.vbus.stack.EpollWaiter;

/// A guest that misbehaves loses at most itself: another one on the same poll loop goes on.
class HostileMachinesTest {
  private static final long MEMORY = 4L << 20;

  private Kvm kvm;
  private PollLoop loop;
  private LogWatch log;

  @BeforeEach
  void open() throws IOException {
    KvmLab.requireKvm();
    kvm = Kvm.open();
    loop = new PollLoop("loop", new EpollWaiter(), Idle.ADAPTIVE);
    loop.start();
    log = new LogWatch();
  }

  @AfterEach
  void close() {
    if (kvm != null) {
      loop.close();
      kvm.close();
      log.close();
      assertThat(log.errors()).isEmpty();
    }
  }

  static List<HostileProgram> programs() {
    return HostilePrograms.all();
  }

  @ParameterizedTest
  @MethodSource("programs")
  void othersGoOn(HostileProgram program) throws IOException {
    RequestProgram good =
        new RequestProgram(
            RequestOptions.of(SignalPolicy.RING, ProbeDevice.DEVICE_ID, Long.MAX_VALUE));
    try (KvmLab neighbour = lab(good, KvmOptions.of(MEMORY))) {
      neighbour.await(GuestState.READY);
      neighbour.allow(Long.MAX_VALUE);
      for (KickDelivery kicks : KickDelivery.values()) {
        for (BusAbi abi : BusAbi.values()) {
          try (KvmLab hostile = lab(program, KvmOptions.of(MEMORY).with(kicks).with(abi))) {
            awaitEnding(program, hostile);
            goesOn(neighbour);
          }
          goesOn(neighbour);
        }
      }
    }
  }

  private KvmLab lab(org.vbus.connector.kvm.guest.GuestProgram program, KvmOptions options)
      throws IOException {
    return new KvmLab(kvm, loop, SignalPolicy.RING, options, ProbeDevice::echo, 1, program).start();
  }

  private static void awaitEnding(HostileProgram program, KvmLab lab) {
    switch (program.ending()) {
      case REPORT -> lab.await(GuestState.DONE);
      case PANIC -> lab.await(() -> lab.host.ended() != null);
      case BROKEN -> {
        lab.await(() -> lab.host.ended() != null);
        assertThat(lab.host.ended()).matches("(shutdown|internal error of KVM).*");
      }
      case NEVER -> {
        lab.await(GuestState.RUNNING);
        assertThat(lab.host.ended()).isNull();
      }
    }
  }

  private static void goesOn(KvmLab neighbour) {
    long answered = neighbour.counters.answered();
    neighbour.await(() -> neighbour.counters.answered() > answered + 2);
  }
}
