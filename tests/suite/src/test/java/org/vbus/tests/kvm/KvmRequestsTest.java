package org.vbus.tests.kvm;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.connector.kvm.guest.GuestCounter.*;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.connector.kvm.BusAbi;
import org.vbus.connector.kvm.InterruptDelivery;
import org.vbus.connector.kvm.KickDelivery;
import org.vbus.connector.kvm.KvmOptions;
import org.vbus.connector.kvm.guest.BridgeProgram;
import org.vbus.connector.kvm.guest.Doorbell;
import org.vbus.connector.kvm.guest.GuestState;
import org.vbus.connector.kvm.guest.RequestOptions;
import org.vbus.connector.kvm.guest.RequestProgram;
import org.vbus.connector.kvm.guest.Suppression;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ledger.Event;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.PollLoop;
import org.vbus.fixture.stack.EchoGuest;
import org.vbus.fixture.stack.LogWatch;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.linux.Kvm;
import org.vbus.stack.EpollWaiter;

/// Requests of a real guest. `-Dvbus.kvm.requests=N` makes so many in each row, 1000000 for a soak;
/// `-Dvbus.kvm.machines=N` makes so many machines.
class KvmRequestsTest {
  private static final long REQUESTS = Long.getLong("vbus.kvm.requests", 3_000);
  private static final int MACHINES = Integer.getInteger("vbus.kvm.machines", 100);
  private static final long MEMORY = 8L << 20;

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

  record Row(
      SignalPolicy policy,
      Doorbell doorbell,
      KickDelivery kicks,
      InterruptDelivery interrupts,
      Suppression suppression) {}

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (SignalPolicy policy : SignalPolicy.values()) {
      for (Doorbell doorbell : Doorbell.values()) {
        for (KickDelivery kicks : KickDelivery.values()) {
          boolean odd = (doorbell.ordinal() + kicks.ordinal()) % 2 == 1;
          Suppression[] all = Suppression.values();
          rows.add(
              new Row(
                  policy,
                  doorbell,
                  kicks,
                  odd ? InterruptDelivery.MSI : InterruptDelivery.IRQFD,
                  all[(policy.ordinal() + doorbell.ordinal() + kicks.ordinal()) % all.length]));
        }
      }
    }
    return rows;
  }

  /// A device that answers at once, a few at a time, late, or after the loop has slept: so that the
  /// guest halts at any moment of it.
  private static ProbeDevice.Behaviour moody(long seed) {
    SplittableRandom random = new SplittableRandom(seed);
    return (queue, chain, budget) -> {
      int limit = budget;
      switch (random.nextInt(16)) {
        case 0, 1, 2 -> limit = 1;
        case 3 -> EchoGuest.spin(random.nextInt(60_000));
        case 4 -> LockSupport.parkNanos(1_000);
        default -> {}
      }
      return ProbeDevice.echo(queue, chain, Math.min(limit, budget));
    };
  }

  @ParameterizedTest
  @MethodSource("rows")
  void everyRequestIsAnsweredAndNoSignalIsLost(Row row) throws IOException {
    RequestOptions options =
        RequestOptions.of(row.policy, ProbeDevice.DEVICE_ID, REQUESTS)
            .withDevices(2)
            .withDepth(4, 2)
            .withDoorbell(row.doorbell)
            .withSuppression(row.suppression);
    KvmOptions machine = KvmOptions.of(MEMORY).with(row.kicks).with(row.interrupts);
    try (KvmLab lab =
        new KvmLab(kvm, loop, row.policy, machine, moody(3), 2, new RequestProgram(options))
            .start()) {
      lab.await(GuestState.READY);
      lab.allow(Long.MAX_VALUE);
      long answered = 0;
      while (lab.counters.state() != GuestState.DONE) {
        long before = answered;
        lab.await(
            () -> lab.counters.answered() > before || lab.counters.state() == GuestState.DONE);
        answered = lab.counters.answered();
        LockSupport.parkNanos(1_000_000);
      }
      assertThat(lab.counters.answered()).isEqualTo(2 * REQUESTS);
      assertThat(lab.counters.get(BAD_ANSWERS)).isZero();
      assertThat(lab.counters.get(KICKS) + lab.counters.get(KICKS_SUPPRESSED)).isEqualTo(REQUESTS);
      long interrupts =
          lab.counters.get(DEVICE_INTERRUPTS)
              + lab.counters.get(LEVEL_INTERRUPTS)
              + lab.counters.get(CONTROL_INTERRUPTS);
      assertThat(lab.counters.get(ENDS_OF_INTERRUPT)).isEqualTo(interrupts);
      assertThat(interrupts).isLessThanOrEqualTo(lab.host.interruptsSent());
      if (row.policy == SignalPolicy.POLLED) {
        assertThat(interrupts).isZero();
      }
      long trapped = lab.host.tally().get(Event.KICKS);
      assertThat(trapped)
          .isEqualTo(row.kicks == KickDelivery.TRAPPED ? lab.counters.get(KICKS) : 0);
    }
  }

  @ParameterizedTest
  @EnumSource(InterruptDelivery.class)
  void aGuestFindsOpensAndUsesADeviceByTheHistoricalAbi(InterruptDelivery interrupts)
      throws IOException {
    RequestOptions options =
        RequestOptions.of(SignalPolicy.RING, ProbeDevice.DEVICE_ID, REQUESTS).withDepth(8, 4);
    KvmOptions machine = KvmOptions.of(MEMORY).with(BusAbi.HISTORICAL).with(interrupts);
    try (KvmLab lab =
        new KvmLab(kvm, loop, SignalPolicy.RING, machine, moody(5), 1, new BridgeProgram(options))
            .start()) {
      lab.await(GuestState.READY);
      lab.allow(Long.MAX_VALUE);
      lab.await(GuestState.DONE);
      assertThat(lab.counters.answered()).isEqualTo(REQUESTS);
      assertThat(lab.counters.get(BAD_ANSWERS)).isZero();
      assertThat(lab.bus.devices().getFirst().device().running()).isFalse();
    }
  }

  @Test
  void machinesComeAndGoAndLeaveNothing() throws IOException {
    RequestOptions options =
        RequestOptions.of(SignalPolicy.RING, ProbeDevice.DEVICE_ID, Long.MAX_VALUE);
    long slowest = 0;
    int fds = 0;
    int threads = 0;
    long mappings = 0;
    for (int i = 0; i < MACHINES; i++) {
      try (KvmLab lab =
          new KvmLab(
                  kvm,
                  loop,
                  SignalPolicy.RING,
                  KvmOptions.of(MEMORY),
                  ProbeDevice::echo,
                  1,
                  new RequestProgram(options))
              .start()) {
        lab.await(GuestState.READY);
        lab.allow(Long.MAX_VALUE);
        if (i % 2 == 0) {
          lab.await(() -> lab.counters.answered() > 3);
        }
        long start = System.nanoTime();
        lab.host.close();
        slowest = Math.max(slowest, System.nanoTime() - start);
      }
      if (i == 10) {
        fds = count("/proc/self/fd");
        threads = count("/proc/self/task");
        mappings = lines("/proc/self/maps");
      }
    }
    System.out.printf("slowest of %d stops: %.1f ms%n", MACHINES, slowest / 1e6);
    assertThat(count("/proc/self/fd")).isLessThanOrEqualTo(fds + 2);
    assertThat(count("/proc/self/task")).isLessThanOrEqualTo(threads + 2);
    assertThat(lines("/proc/self/maps")).isLessThan(mappings + MACHINES / 2);
  }

  private static int count(String directory) throws IOException {
    try (Stream<Path> entries = Files.list(Path.of(directory))) {
      return (int) entries.count();
    }
  }

  private static long lines(String file) throws IOException {
    try (Stream<String> lines = Files.lines(Path.of(file))) {
      return lines.count();
    }
  }
}
