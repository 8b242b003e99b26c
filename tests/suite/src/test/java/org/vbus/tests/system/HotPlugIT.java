package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.spi.ILoggingEvent;
import ch.qos.logback.core.read.ListAppender;
import com.google.inject.AbstractModule;
import io.netty.buffer.PoolArenaMetric;
import io.netty.buffer.PooledByteBufAllocator;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.FutureTask;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;
import org.slf4j.LoggerFactory;
import org.vbus.connector.loopback.LoopbackGuest;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.proxy.guest.Guest;
import org.vbus.proxy.program.GuestProgram;
import org.vbus.stack.BusModule;
import org.vbus.stack.LoopsConfig;
import org.vbus.stack.LoopsModule;
import org.vbus.stack.Stack;
import org.vbus.stack.spi.Parts;
import org.vbus.venet.VenetDevice;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.SwitchPort;

/// Network devices that come and go while frames pass them.
///
/// ```
///   guest a: Sender --> eth0 (loop 0) --> switch --> eth0 (loop 1) --> guest b: Echo
///            counts <------------------------------------------------- answers
/// ```
class HotPlugIT {
  private static final int ROUNDS = 100;

  /// Guests that poll take the processors from everybody else.
  private static final int POLLED_ROUNDS = 20;

  private static final long MAC_A = 0x5254_0000_000aL;
  private static final long MAC_B = 0x5254_0000_000bL;
  private static final long MEMORY = 32L << 20;

  /// Echoes that show that traffic flows again: more than fit into all queues.
  private static final long ENOUGH = 3_000;

  private final ListAppender<ILoggingEvent> log = new ListAppender<>();
  private final VenetSwitch network = new VenetSwitch(new L2Switch("lan"));

  @BeforeEach
  void watchTheLog() {
    log.start();
    root().addAppender(log);
  }

  @AfterEach
  void unwatchTheLog() {
    root().detachAppender(log);
  }

  private static Logger root() {
    return (Logger) LoggerFactory.getLogger(org.slf4j.Logger.ROOT_LOGGER_NAME);
  }

  /// A guest that runs a program given as an object.
  private static final class Runs extends AbstractModule {
    private final String bus;
    private final GuestProgram program;

    Runs(String bus, GuestProgram program) {
      this.bus = bus;
      this.program = program;
    }

    @Override
    protected void configure() {
      Parts.connector(binder(), bus)
          .toInstance(
              (served, loops, policy) -> new LoopbackGuest(served, loops, policy, MEMORY, program));
    }
  }

  @ParameterizedTest
  @EnumSource(SignalPolicy.class)
  @SuppressWarnings("try") // closed before the end of its block, to look at what is left then
  void trafficResumesAndNothingIsLeft(SignalPolicy policy) throws Exception {
    TrafficPrograms.Sender sender = new TrafficPrograms.Sender(MAC_A, MAC_B);
    TrafficPrograms.Echo echo = new TrafficPrograms.Echo();
    long buffers = directBuffers();
    int rounds = policy == SignalPolicy.POLLED ? POLLED_ROUNDS : ROUNDS;
    List<LoopbackGuest> guests = new ArrayList<>();
    long begin = System.nanoTime();
    try (Stack stack =
        Stack.of(
            new LoopsModule(
                new LoopsConfig(2, LoopsConfig.Spread.DEVICE, Duration.ofNanos(50_000))),
            new BusModule("a", policy),
            new Runs("a", sender),
            new BusModule("b", policy),
            new Runs("b", echo))) {
      stack.start();
      guests.add((LoopbackGuest) stack.connector("a"));
      guests.add((LoopbackGuest) stack.connector("b"));
      Bus busA = stack.bus("a");
      Bus busB = stack.bus("b");
      long heapA = heap(sender.guest());
      long heapB = heap(echo.guest());

      Slot slotA = plug(busA, MAC_A);
      Slot slotB = plug(busB, MAC_B);
      awaitEchoes(sender);
      for (int round = 0; round < rounds; round++) {
        if (round % 2 == 0) {
          busB.unplug(slotB);
          assertThat(ports()).containsExactly("a.eth0");
          slotB = plug(busB, MAC_B);
        } else {
          busA.unplug(slotA);
          assertThat(ports()).containsExactly("b.eth0");
          slotA = plug(busA, MAC_A);
        }
        awaitEchoes(sender);
      }
      assertThat(ports()).containsExactlyInAnyOrder("a.eth0", "b.eth0");
      assertThat(guests).allMatch(guest -> guest.mappedBytes() == MEMORY);

      assertThat(directBuffers()).as("inboxes hold memory").isGreaterThan(buffers);

      busA.unplug(slotA);
      busB.unplug(slotB);
      assertThat(ports()).isEmpty();
      HostProcess.await("guest a drops its driver", () -> heap(sender.guest()) == heapA);
      HostProcess.await("guest b drops its driver", () -> heap(echo.guest()) == heapB);
      assertThat(directBuffers()).isEqualTo(buffers);
    }
    assertThat(guests).hasSize(2).allMatch(guest -> guest.mappedBytes() == 0);
    System.out.printf(
        "hot-plug, %s: %d rounds in %d ms, %d echoes%n",
        policy, rounds, (System.nanoTime() - begin) / 1_000_000, sender.echoes());
    assertThat(log.list).noneMatch(event -> event.getLevel().isGreaterOrEqual(Level.WARN));
  }

  private Slot plug(Bus bus, long mac) {
    return bus.plug("eth0", new VenetDevice(bus.name() + ".eth0", network, mac, 1500, 0));
  }

  private Iterable<String> ports() {
    return network.l2().ports().stream().map(SwitchPort::name).toList();
  }

  private void awaitEchoes(TrafficPrograms.Sender sender) {
    long from = sender.echoes();
    HostProcess.await("echoes; so far " + from, () -> sender.echoes() >= from + ENOUGH);
  }

  /// Bytes in use in a guest's memory, asked on its processor.
  private static long heap(Guest guest) {
    FutureTask<Long> task = new FutureTask<>(() -> guest.heap().inUse());
    guest.post(task);
    try {
      return task.get(10, TimeUnit.SECONDS);
    } catch (Exception e) {
      throw new AssertionError("guest does not answer", e);
    }
  }

  /// Netty's direct buffers in use: those of inboxes are all there are here.
  private static long directBuffers() {
    return PooledByteBufAllocator.DEFAULT.metric().directArenas().stream()
        .mapToLong(PoolArenaMetric::numActiveAllocations)
        .sum();
  }
}
