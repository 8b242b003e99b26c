package org.vbus.connector.kvm.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.connector.kvm.bridge.North.BASE;
import static org.vbus.connector.kvm.bridge.North.SIZE;
import static org.vbus.connector.kvm.bridge.North.block;

import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.Random;
import java.util.function.ToIntFunction;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.core.bus.BusEndpoint;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.feature.Feature;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;

/// Calls that are refused: one row per lie. The guest gets an errno, and the next call works.
class BridgeErrorsTest {
  private static final int ENOENT = -2;
  private static final int EFAULT = -14;
  private static final int EBUSY = -16;
  private static final int EEXIST = -17;
  private static final int EINVAL = -22;
  private static final int ENOSPC = -28;

  private static final long END = BASE + SIZE;

  /// Where the event queue is that is scribbled on.
  private static final long RING = SIZE - 4096;

  private static Arguments row(String lie, int expected, ToIntFunction<NorthDevice> call) {
    return Arguments.of(lie, expected, call);
  }

  static Stream<Arguments> bridgeCalls() {
    return Stream.of(
        row("call 5", EINVAL, d -> d.north.bridgeCall(5, block(16))),
        row("call -1", EINVAL, d -> d.north.bridgeCall(-1, block(16))),
        row("NEGOTIATE, magic", EINVAL, d -> d.north.bridgeCall(0, block(16).putInt(4, 1))),
        row(
            "NEGOTIATE, version",
            EINVAL,
            d -> d.north.bridgeCall(0, block(16).putInt(0, 0xbf53eef5).putInt(4, 2))),
        row("QREG, no queue", EINVAL, d -> d.north.bridgeCall(1, block(32))),
        row("QREG, two queues", EINVAL, d -> d.north.bridgeCall(1, block(32).putInt(0, 2))),
        row("QREG, again", EEXIST, d -> d.north.bridgeCall(1, block(32).putInt(0, 1))),
        row("SLOWCALL, hypercall 4", EINVAL, d -> d.north.hypercall(4, block(8))),
        row("SLOWCALL, hypercall -1", EINVAL, d -> d.north.hypercall(-1, block(8))),
        row("FASTCALL_ADD, slot 256", EINVAL, d -> addFast(d, 256, 24, d.north.gpa(1024))),
        row("FASTCALL_ADD, slot -1", EINVAL, d -> addFast(d, -1, 24, d.north.gpa(1024))),
        row("FASTCALL_ADD, length", EINVAL, d -> addFast(d, 0, 20, d.north.gpa(1024))),
        row("FASTCALL_ADD, outside", EFAULT, d -> addFast(d, 0, 24, END - 16)),
        row(
            "FASTCALL_ADD, twice",
            EEXIST,
            d -> addFast(d, 0, 24, d.north.gpa(1024)) + addFast(d, 0, 24, d.north.gpa(1024))),
        row("FASTCALL_DROP, none", ENOENT, d -> d.north.bridgeCall(4, block(4).putInt(0, 1))),
        row("FASTCALL_DROP, slot -1", EINVAL, d -> d.north.bridgeCall(4, block(4).putInt(0, -1))));
  }

  private static int addFast(NorthDevice device, int slot, int len, long datap) {
    return device.north.bridgeCall(3, block(16).putInt(0, slot).putInt(4, len).putLong(8, datap));
  }

  /// Every call with every wrong length, and with arguments that are not in memory.
  static Stream<Arguments> arguments() {
    int[] bridge = {16, 32, 16, 16, 16};
    int[] hyper = {16, 8, 32, 48};
    Stream<Arguments> lengths =
        IntStream.range(0, 9)
            .boxed()
            .flatMap(call ->
                Stream.of(-1, 0, 1, Integer.MIN_VALUE, Integer.MAX_VALUE)
                    .map(more -> {
                      int len = (call < 5 ? bridge[call] : hyper[call - 5]) + more;
                      return row(
                          name(call) + " with " + len + " bytes",
                          more == 0 ? EFAULT : EINVAL,
                          d -> call(d, call, len, more == 0 ? END : d.north.gpa(0)));
                    }));
    Stream<Arguments> places =
        IntStream.range(0, 9)
            .boxed()
            .flatMap(call ->
                Stream.of(
                        0L,
                        BASE - 1,
                        BASE + North.BORDER - 4,
                        END - 7,
                        END,
                        -1L,
                        -16L,
                        Long.MIN_VALUE,
                        1L << 40)
                    .map(gpa ->
                        row(
                            name(call) + " at 0x" + Long.toHexString(gpa),
                            EFAULT,
                            d -> call(d, call, sizes(call), gpa))));
    return Stream.concat(lengths, places);
  }

  private static int sizes(int call) {
    return new int[] {16, 32, 16, 16, 16, 16, 8, 32, 48}[call];
  }

  private static String name(int call) {
    return call < 5 ? "bridge call " + call : "hypercall " + (call - 5);
  }

  private static int call(NorthDevice device, int call, int len, long gpa) {
    return call < 5
        ? device.north.call(call, len, gpa)
        : device.north.hypercall(call - 5, len, gpa);
  }

  static Stream<Arguments> hypercalls() {
    return Stream.of(
        row("DEVOPEN, no device", ENOENT, d -> d.north.open(1)),
        row("DEVOPEN, no slot", ENOENT, d -> d.north.open(4)),
        row("DEVOPEN, other generation", ENOENT, d -> d.north.open(0x10000)),
        row("DEVOPEN, id -1", ENOENT, d -> d.north.open(-1)),
        row(
            "DEVOPEN, version",
            EINVAL,
            d -> d.north.hypercall(0, block(16).putInt(0, 0).putInt(4, 2))),
        row("DEVOPEN, twice", EEXIST, d -> d.north.open(0)),
        row("DEVCLOSE, no device", ENOENT, d -> d.north.close(1)),
        row("DEVCLOSE, upper half", ENOENT, d -> d.north.close(1L << 32)),
        row("DEVCLOSE, handle -1", ENOENT, d -> d.north.close(-1)),
        row("DEVCLOSE, twice", ENOENT, d -> d.north.close(0) + d.north.close(0)),
        row("DEVCALL, handle", ENOENT, d -> d.north.function(7, 3, 0, 0)),
        row("DEVCALL, closed", ENOENT, d -> d.north.close(0) + d.north.function(0, 3, 0, 0)),
        row(
            "DEVCALL, flags",
            EINVAL,
            d -> d.north.hypercall(2, block(32).putInt(8, 3).putInt(16, 1))),
        row("DEVCALL, function 9", EINVAL, d -> d.north.function(0, 9, 0, 0)),
        row("DEVCALL, function -1", EINVAL, d -> d.north.function(0, -1, 8, 0)),
        row("IDENTIFY, length", EINVAL, d -> d.north.function(0, 0, block(12))),
        row("IDENTIFY, outside", EFAULT, d -> d.north.function(0, 0, 16, END - 8)),
        row("FEATURES, length", EINVAL, d -> d.north.function(0, 1, block(4))),
        row("FEATURES, outside", EFAULT, d -> d.north.function(0, 1, 8, -8)),
        row("ACCEPT, too late", EINVAL, d -> d.north.function(0, 2, block(8).putLong(0, 0))),
        row("STATUS, data", EINVAL, d -> d.north.function(0, 3, block(4))),
        row("SET_STATUS, length", EINVAL, d -> d.north.function(0, 4, block(8))),
        row("SET_STATUS, length 2^32-1", EINVAL, d -> d.north.function(0, 4, -1, BASE)),
        row("CONFIG_READ, length", EINVAL, d -> d.north.function(0, 5, block(8))),
        row("CONFIG_READ, size 0", EINVAL, d -> field(d, 5, 0, 0)),
        row("CONFIG_READ, size 3", EINVAL, d -> field(d, 5, 0, 3)),
        row("CONFIG_READ, size -1", EINVAL, d -> field(d, 5, 0, -1)),
        row("CONFIG_READ, behind", EINVAL, d -> field(d, 5, 12, 1)),
        row("CONFIG_READ, over the end", EINVAL, d -> field(d, 5, 8, 8)),
        row("CONFIG_READ, offset -1", EINVAL, d -> field(d, 5, -1, 4)),
        row("CONFIG_READ, offset 2^31-1", EINVAL, d -> field(d, 5, Integer.MAX_VALUE, 8)),
        row("CONFIG_WRITE, behind", EINVAL, d -> field(d, 6, 11, 2)),
        row("QUEUE_MAX, no queue", ENOENT, d -> d.north.function(0, 7, block(4).putInt(0, 2))),
        row("QUEUE_MAX, queue -1", ENOENT, d -> d.north.function(0, 7, block(4).putInt(0, -1))),
        row("CONFIG_GENERATION, data", EINVAL, d -> d.north.function(0, 8, block(4))));
  }

  private static int field(NorthDevice device, int function, int offset, int size) {
    return device.north.function(
        0, function, block(16).putInt(0, offset).putInt(4, size).putLong(8, -1));
  }

  static Stream<Arguments> regions() {
    int id = 16 << 16;
    int len = NorthDevice.SIGNAL + 16;
    int at = NorthDevice.SIGNAL;
    return Stream.of(
        row("handle", ENOENT, d -> d.north.share(1, id, len, at, 0, gpa(d))),
        row(
            "flags",
            EINVAL,
            d ->
                d.north.hypercall(
                    3, block(48).putInt(8, id).putInt(12, len).putInt(16, 1).putLong(40, gpa(d)))),
        row("queue 2", ENOENT, d -> share(d, id | 2, len, at)),
        row("queue 0xfffe", ENOENT, d -> share(d, id | 0xfffe, len, at)),
        row("region of the configuration with a size", ENOENT, d -> share(d, id | 0xffff, len, at)),
        row("no entries", EINVAL, d -> share(d, 0, len, at)),
        row("15 entries", EINVAL, d -> share(d, 15 << 16, len, at)),
        row("128 entries", EINVAL, d -> share(d, 128 << 16, 1 << 16, -1)),
        row("32768 entries", EINVAL, d -> share(d, 0x8000 << 16, 1 << 16, -1)),
        row("16 entries of a queue of 8", EINVAL, d -> share(d, id | 1, len, at)),
        row("no length", EINVAL, d -> share(d, id, 0, -1)),
        row("too short", EINVAL, d -> share(d, id, at - 1, -1)),
        row("longer than memory", EFAULT, d -> share(d, id, SIZE, -1)),
        row("length 2^32-1", EFAULT, d -> share(d, id, -1, -1)),
        row("outside", EFAULT, d -> d.north.share(0, id, len, at, 0, END)),
        row("over the end", EFAULT, d -> d.north.share(0, id, len, at, 0, END - 64)),
        row("at the end of addresses", EFAULT, d -> d.north.share(0, id, len, at, 0, -64)),
        row(
            "over a border in memory",
            EFAULT,
            d -> d.north.share(0, id, len, at, 0, BASE + North.BORDER - 64)),
        row("misaligned", EINVAL, d -> d.north.share(0, id, len, -1, 0, gpa(d) + 32)),
        row("signal in the rings", EINVAL, d -> share(d, id, len, at - 8)),
        row("signal at 0", EINVAL, d -> share(d, id, len, 0)),
        row("signal misaligned", EINVAL, d -> share(d, id, len + 16, at + 4)),
        row("signal over the end", EINVAL, d -> share(d, id, len, at + 8)),
        row("signal at 2^32-8", EINVAL, d -> share(d, id, len, -8)),
        row(
            "signal magic",
            EINVAL,
            d -> {
              d.north.memory.set(ValueLayout.JAVA_INT, d.region + at, 1);
              return share(d, id, len, at);
            }),
        row(
            "signal version",
            EINVAL,
            d -> {
              d.north.memory.set(ValueLayout.JAVA_INT, d.region + at + 4, 2);
              return share(d, id, len, at);
            }),
        row("twice", EEXIST, d -> shared(share(d, id, len, at)) + share(d, id, len, at)),
        row("before FEATURES_OK", EINVAL, d -> d.north.status(0, 0) + share(d, id, len, at)),
        row("after DRIVER_OK", EINVAL, d -> d.north.status(0, 15) - 15 + share(d, id, len, at)),
        row("of the configuration, no signal", EINVAL, d -> share(d, 0xffff, len, -1)),
        row("of the configuration, too short", EINVAL, d -> share(d, 0xffff, 15, 0)),
        row("of the configuration, no length", EINVAL, d -> share(d, 0xffff, 0, 0)),
        row(
            "of the configuration, twice",
            EEXIST,
            d -> shared(share(d, 0xffff, len, at)) + share(d, 0xffff, len, at)));
  }

  private static int shared(int handle) {
    assertThat(handle).isNotNegative();
    return 0;
  }

  private static long gpa(NorthDevice device) {
    return BASE + device.region;
  }

  private static int share(NorthDevice device, int id, int len, int signal) {
    return device.north.share(0, id, len, signal, 0, gpa(device));
  }

  @ParameterizedTest(name = "{0}: {1}")
  @MethodSource({"bridgeCalls", "arguments", "hypercalls", "regions"})
  void isRefused(String lie, int expected, ToIntFunction<NorthDevice> call) {
    try (North north = new North()) {
      north.bus.plug("eth0", new EchoModel());
      north.bus.plug("eth1", new EchoModel());
      north.bus.unplug(north.slot("eth1"));
      NorthDevice device = new NorthDevice(north.ready(8), 0);
      north.drain();
      assertThat(call.applyAsInt(device)).as(lie).isEqualTo(expected);
      assertThat(north.drain()).allMatch(event -> event.startsWith("closed"));
      north.close(0);
      assertThat(north.drain()).allMatch(event -> event.startsWith("closed"));
      NorthDevice next = new NorthDevice(north, 0).start();
      next.request(0, 42);
      north.step();
      assertThat(next.responses()).as("the next driver").containsExactly(42L);
    }
  }

  @Test
  void featuresThatAreNotOfferedAreRefused() {
    try (North north = new North()) {
      north.bus.plug("eth0", new EchoModel());
      north.ready(8);
      assertThat(north.open(0)).isZero();
      long offered = features(north);
      assertThat(offered & Feature.RING_PACKED.mask()).isZero();
      assertThat(offered & Feature.RING_RESET.mask()).isZero();
      for (int bit = 0; bit < 64; bit++) {
        boolean has = (offered >>> bit & 1) != 0;
        assertThat(north.function(0, 2, block(8).putLong(0, 1L << bit)))
            .as("bit %d", bit)
            .isEqualTo(has ? 0 : EINVAL);
      }
    }
  }

  private static long features(North north) {
    var data = block(8);
    assertThat(north.function(0, 1, data)).isZero();
    return data.getLong(0);
  }

  @Test
  void statusTellsThatFeaturesWereRefused() {
    try (North north = new North()) {
      north.bus.plug("eth0", new EchoModel());
      north.ready(8);
      assertThat(north.open(0)).isZero();
      assertThat(north.status(0, 3)).isEqualTo(3);
      assertThat(north.function(0, 2, block(8).putLong(0, 0))).as("no VERSION_1").isZero();
      assertThat(north.status(0, 11)).isEqualTo(3);
      assertThat(north.status(0, 15)).isEqualTo(3);
    }
  }

  @Test
  void aDeviceOfAnotherGuestIsBusy() {
    try (North north = new North()) {
      north.bus.plug("eth0", new EchoModel());
      MappedMemory memory = new MappedMemory(List.of(new MemoryRegion(0, north.memory)));
      BusEndpoint other =
          new BusEndpoint(
              north.bus, memory, vector -> {}, SignalPolicy.POLLED, LoopMap.single(north.loop));
      north.ready(8);
      assertThat(north.open(0)).isEqualTo(EBUSY);
      assertThat(north.close(0)).isEqualTo(ENOENT);
      other.close();
      assertThat(north.open(0)).isZero();
    }
  }

  @Test
  void handlesOfRegionsRunOutUntilTheirEndWasTold() {
    try (North north = new North()) {
      north.bus.plug("eth0", new EchoModel());
      north.ready(1);
      NorthDevice device = new NorthDevice(north, 0);
      int refused = 0;
      for (int i = 0; i < RegionTable.SIZE + 10 && refused == 0; i++) {
        int handle = share(device, 0xffff, NorthDevice.SIGNAL + 16, NorthDevice.SIGNAL);
        refused = Math.min(handle, 0);
        assertThat(north.status(0, 0)).isZero();
      }
      assertThat(refused).isEqualTo(ENOSPC);
      assertThat(north.drain()).hasSize(RegionTable.SIZE + 1).last().isEqualTo("closed 0");
      assertThat(share(device, 0xffff, NorthDevice.SIGNAL + 16, NorthDevice.SIGNAL)).isZero();
    }
  }

  @Test
  void aGuestThatWritesAnythingAnywhereHarmsNothingOutsideItsMemory() {
    try (North north = new North()) {
      EchoModel model = new EchoModel();
      north.bus.plug("eth0", model);
      Random random = new Random(7);
      for (int round = 0; round < 20; round++) {
        assertThat(north.negotiate()).isEqualTo(1);
        assertThat(north.registerAt(RING, 4)).isZero();
        NorthDevice device = new NorthDevice(north, 0).start();
        north.fast();
        for (int i = 0; i < 2000; i++) {
          scribble(north, device, random, model, i);
        }
        assertThat(north.negotiate()).isEqualTo(1);
      }
      assertThat(north.slot("eth0").device().running()).isFalse();
    }
  }

  private static void scribble(
      North north, NorthDevice device, Random random, EchoModel model, int i) {
    int off = random.nextInt(SIZE / 4) * 4;
    switch (random.nextInt(12)) {
      case 0 -> north.bridge.writeCalls(random.nextInt(-8, 72), 4, random.nextInt());
      case 1 -> north.bridge.readCalls(random.nextInt(64), 1 << random.nextInt(4));
      case 2 -> north.bridge.signal(random.nextInt(5) * 4, 4, random.nextInt(8));
      case 3 -> north.memory.set(ValueLayout.JAVA_INT, off, random.nextInt());
      case 4 ->
          north.memory.set(
              ValueLayout.JAVA_BYTE,
              random.nextBoolean()
                  ? device.region + random.nextInt(NorthDevice.SIGNAL + 16)
                  : RING + random.nextInt(56 + 4 * 32),
              (byte) random.nextInt(3));
      case 9 -> model.change(i);
      case 5 -> north.function(0, random.nextInt(3, 9), random.nextInt(17), north.gpa(512));
      case 6 ->
          north.share(
              0,
              random.nextInt(3) | 1 << random.nextInt(16, 21),
              random.nextInt(2048),
              random.nextInt(256) * 8,
              random.nextInt(),
              BASE + (random.nextInt(SIZE) & -64));
      case 7 -> north.status(0, random.nextInt(16));
      default -> north.loop.doWork();
    }
  }
}
