package org.vbus.tests.hostile;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.function.BooleanSupplier;
import org.jspecify.annotations.Nullable;
import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.ring.VirtQueue;
import org.vbus.devices.template.TemplateDevice;
import org.vbus.fixture.stack.RingFormat;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.RequestDriver;
import org.vbus.proxy.driver.VirtioInit;
import org.vbus.proxy.driver.VirtioTransport;
import org.vbus.proxy.guest.Guest;
import org.vbus.proxy.guest.VbusTransport;
import org.vbus.tests.fixture.RawRing;

/// A running stack with two echo devices on one bus and one poll loop: a liar has the first, an
/// honest driver the second. The calling thread is the guest's processor.
final class TwoDevices implements AutoCloseable {
  private static final int LIAR = 0;
  private static final int HONEST = 1;
  private static final long PATIENCE_NANOS = 20_000_000_000L;

  private final Bus bus = new Bus("vm", 4);
  private final PollLoop loop = new PollLoop("loop", new ParkWaiter(), Idle.ADAPTIVE);
  private final GuestCpu cpu = new GuestCpu();
  private final Loopback loopback;
  private final Guest guest;
  private @Nullable VirtioTransport liar;
  private @Nullable RequestDriver honest;
  private int configSignals;
  private int usedSignals;
  private long submitted;
  private long completed;
  private String wrong = "";

  TwoDevices(SignalPolicy policy) {
    bus.plug("liar", new TemplateDevice());
    bus.plug("honest", new TemplateDevice());
    loopback = new Loopback(bus, LoopMap.single(loop), policy, Lie.MEMORY, cpu);
    loop.start();
    loopback.start();
    guest = new Guest(loopback.guest(), cpu);
    guest
        .bus()
        .driver(
            TemplateDevice.DEVICE_ID,
            (g, transport) -> {
              if (((VbusTransport) transport).slot() == LIAR) {
                liar = transport;
                return () -> {
                  transport.status(0);
                  transport.release();
                };
              }
              honest = new RequestDriver(g, transport, 64, 64, 1, VirtioDevice.RING_FEATURES);
              honest.onCompletion(this::completed);
              return honest;
            });
    guest.bus().start();
    await("drivers", () -> liar != null && honest != null);
  }

  private RequestDriver honest() {
    return Objects.requireNonNull(honest);
  }

  /// The liar's way to its device.
  VirtioTransport liar() {
    return Objects.requireNonNull(liar);
  }

  /// Makes every interrupt vector of the guest pending, for no reason.
  void interruptEverything() {
    for (int vector = 0; vector < GuestCpu.VECTORS; vector++) {
      cpu.interrupt(vector);
    }
  }

  /// The device that is lied to.
  VirtioDevice deceived() {
    return Objects.requireNonNull(bus.slot(LIAR)).device();
  }

  /// The neighbour.
  VirtioDevice neighbour() {
    return Objects.requireNonNull(bus.slot(HONEST)).device();
  }

  /// Used buffer notifications the liar got since its last reset.
  int usedSignals() {
    return usedSignals;
  }

  /// A zeroed ring in the guest's memory.
  RawRing newRing() {
    long off = guest.heap().allocate(RawRing.bytes(Lie.SIZE), 4096);
    return RawRing.place(
        guest.heap().memory(), Loopback.MEMORY_BASE, guest.heap().gpa(off), Lie.SIZE);
  }

  /// Room for a lie; guest memory as it is.
  Lie.Place newPlace() {
    long buffer = guest.heap().gpa(guest.heap().allocate(16_384, 4096));
    return new Lie.Place(
        buffer,
        buffer + 8192,
        Loopback.MEMORY_BASE,
        Loopback.MEMORY_BASE + guest.heap().memory().byteSize());
  }

  /// The 32 bits at a guest-physical address.
  int get(long gpa) {
    return guest.heap().memory().get(LittleEndian.INT_ANY, gpa - Loopback.MEMORY_BASE);
  }

  /// Sets the 32 bits at a guest-physical address.
  void set(long gpa, int value) {
    guest.heap().memory().set(LittleEndian.INT_ANY, gpa - Loopback.MEMORY_BASE, value);
  }

  /// Initialises the liar's device with its queue at `at`.
  void bringUp(VirtQueue.Addresses at) {
    VirtioInit.negotiate(liar(), RingFormat.SPLIT.features());
    liar().onConfigChange(() -> configSignals++);
    liar().enableQueue(0, at, 1, () -> usedSignals++);
    VirtioInit.driverOk(liar());
  }

  /// Resets the liar's device.
  void reset() {
    liar().status(0);
    liar().release();
    configSignals = 0;
    usedSignals = 0;
  }

  /// Whether the device that was lied to wants a reset and has said so.
  boolean asksForReset() {
    return (liar().status() & DeviceStatus.NEEDS_RESET) != 0 && configSignals > 0;
  }

  /// Completes `n` more requests of the neighbour and checks every byte of the answers.
  void serveNeighbour(int n) {
    long goal = completed + n;
    await(n + " completions of the neighbour", () -> completed >= goal);
    assertThat(wrong).isEmpty();
    assertThat(neighbour().fault(0)).isNull();
    assertThat(neighbour().status() & DeviceStatus.NEEDS_RESET).isZero();
  }

  private void submit() {
    RequestDriver driver = honest();
    for (int token; (token = driver.take()) >= 0; ) {
      long number = ++submitted;
      for (int i = 0; i < 64; i += 8) {
        driver.memory().set(ValueLayout.JAVA_LONG, driver.request(token) + i, number * 31 + i);
        driver.memory().set(ValueLayout.JAVA_LONG, driver.response(token) + i, 0L);
      }
      driver.submit(token);
    }
    driver.publish();
  }

  private void completed(int token, int written) {
    RequestDriver driver = honest();
    completed++;
    for (int i = 0; i < 64; i += 8) {
      long asked = driver.memory().get(ValueLayout.JAVA_LONG, driver.request(token) + i);
      long answered = driver.memory().get(ValueLayout.JAVA_LONG, driver.response(token) + i);
      if (written != 64 || asked != answered) {
        wrong = "request %x of %d bytes answered %x".formatted(asked, written, answered);
      }
    }
  }

  /// Runs the guest, the neighbour's traffic included, until `done`.
  void await(String what, BooleanSupplier done) {
    long deadline = System.nanoTime() + PATIENCE_NANOS;
    while (!done.getAsBoolean()) {
      if (System.nanoTime() - deadline > 0) {
        throw new AssertionError("no " + what);
      }
      if (honest != null) {
        submit();
      }
      if (guest.poll() == 0 && !guest.busy()) {
        cpu.halt(1_000_000);
      }
    }
  }

  @Override
  public void close() {
    guest.bus().stop();
    loopback.close();
    loop.close();
  }
}
