package org.vbus.tests.vhostuser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.jupiter.params.provider.Arguments.arguments;
import static org.vbus.fixture.vhostuser.EchoFrontEnd.*;
import static org.vbus.fixture.vhostuser.RawFrontEnd.join;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u32;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u64;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.vhostuser.EchoFrontEnd;
import org.vbus.fixture.vhostuser.EchoHost;
import org.vbus.fixture.vhostuser.RawFrontEnd;
import org.vbus.linux.EventFd;
import org.vbus.linux.Fd;
import org.vbus.linux.SharedMemory;

/// Whatever a front-end sends, its own connection ends at worst: another one is served on, the
/// device is there for the next, nothing leaks.
@Timeout(value = 240, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class HostileFrontEndTest {
  @TempDir private Path dir;
  private EchoHost host;
  private EchoFrontEnd neighbour;
  private SharedMemory memory;
  private EventFd event;

  @BeforeEach
  void start() throws IOException {
    host = new EchoHost(dir, new ProbeDevice(2), new ProbeDevice(1));
    neighbour = new EchoFrontEnd(host.socket(1)).ready().echo();
    memory = SharedMemory.create("hostile", 1 << 20);
    event = EventFd.create();
  }

  @AfterEach
  void theNeighbourNoticesNothing() {
    neighbour.echo().close();
    try (EchoFrontEnd next = new EchoFrontEnd(host.socket(0))) {
      next.ready().echo();
    }
    memory.close();
    event.close();
    host.close();
  }

  private RawFrontEnd connect() {
    return RawFrontEnd.to(host.socket(0));
  }

  /// Number, payload and descriptors of every message that a back-end may get.
  private record Shape(int request, int size, int fds, boolean sizeVaries, boolean fdsVary) {}

  private static final List<Shape> SHAPES =
      List.of(
          new Shape(1, 0, 0, false, false),
          new Shape(2, 8, 0, false, false),
          new Shape(3, 0, 0, false, false),
          new Shape(4, 0, 0, false, false),
          new Shape(5, 40, 1, true, true),
          new Shape(6, 16, 1, true, true),
          new Shape(7, 0, 1, true, true),
          new Shape(8, 8, 0, false, false),
          new Shape(9, 40, 0, false, false),
          new Shape(10, 8, 0, false, false),
          new Shape(11, 8, 0, false, false),
          new Shape(12, 8, 1, false, true),
          new Shape(13, 8, 1, false, true),
          new Shape(14, 8, 1, false, true),
          new Shape(15, 0, 0, false, false),
          new Shape(16, 8, 0, false, false),
          new Shape(17, 0, 0, false, false),
          new Shape(18, 8, 0, false, false),
          new Shape(19, 8, 0, false, false),
          new Shape(20, 8, 0, false, false),
          new Shape(21, 0, 1, true, false),
          new Shape(24, 16, 0, true, false),
          new Shape(25, 16, 0, true, false),
          new Shape(31, 20, 0, true, false),
          new Shape(32, 20, 1, true, false),
          new Shape(34, 0, 0, false, false),
          new Shape(35, 8, 0, false, false),
          new Shape(36, 0, 0, false, false),
          new Shape(37, 40, 1, false, false),
          new Shape(38, 40, 0, false, true),
          new Shape(39, 8, 0, false, false),
          new Shape(40, 0, 0, false, false),
          new Shape(42, 8, 1, false, false),
          new Shape(43, 0, 0, false, false));

  static Stream<Arguments> malformed() {
    List<Arguments> cases = new ArrayList<>();
    for (Shape shape : SHAPES) {
      for (int size : new int[] {0, 1, shape.size - 1, shape.size + 1, 4096}) {
        boolean mayFit = shape.sizeVaries && size < shape.size + 2;
        if (size >= 0 && size != shape.size && !mayFit) {
          cases.add(arguments(shape.request, size, shape.fds));
        }
      }
      for (int fds : new int[] {0, 1, 2, 8}) {
        if (fds > Math.max(shape.fds, 1) || (!shape.fdsVary && fds != shape.fds)) {
          cases.add(arguments(shape.request, shape.size, fds));
        }
      }
    }
    for (int unknown : new int[] {0, 22, 23, 26, 27, 28, 29, 30, 33, 41, 44, 45, 1000, -1}) {
      cases.add(arguments(unknown, 8, 0));
    }
    return cases.stream();
  }

  @ParameterizedTest(name = "request {0} with {1} bytes and {2} descriptors")
  @MethodSource("malformed")
  void aMalformedMessageEndsTheConnection(int request, int size, int fds) {
    try (RawFrontEnd wire = connect()) {
      wire.send(16, u64(offeredProtocolFeatures(wire)));
      Fd[] with = new Fd[fds];
      Arrays.fill(with, event.fd());
      wire.send(request, new byte[size], with);
      assertThat(wire.isClosed()).isTrue();
    }
  }

  private static long offeredProtocolFeatures(RawFrontEnd wire) {
    return wire.ask(15, new byte[0]).getLong();
  }

  static Stream<Arguments> frames() {
    return Stream.of(
        arguments("version 0", u32(1, 0, 0)),
        arguments("version 2", u32(1, 2, 0)),
        arguments("a reply", u32(1, 5, 0)),
        arguments("4097 bytes", u32(2, 1, 4097)),
        arguments("2 GB", u32(2, 1, 0x7fffffff)),
        arguments("minus one byte", u32(2, 1, -1)),
        arguments("noise", u32(0xdeadbeefL, 0xdeadbeefL, 0xdeadbeefL)));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("frames")
  void aBadHeaderEndsTheConnection(String what, byte[] header) {
    try (RawFrontEnd wire = connect()) {
      wire.raw(header);
      assertThat(wire.isClosed()).as(what).isTrue();
    }
  }

  private static Arguments steps(String what, Consumer<EchoFrontEnd> steps) {
    return arguments(what, steps);
  }

  private static byte[] table(long... regions) {
    return join(u32(regions.length / 4, 0), u64(regions));
  }

  private static void ring(EchoFrontEnd to, long desc, long used, long avail) {
    to.share();
    to.wire().send(8, u32(0, 64));
    to.wire().send(9, join(u32(0, 0), u64(desc, used, avail, 0)));
    to.notify(to.kick().fd(), to.call().fd()).enable(true);
  }

  static Stream<Arguments> wrongStates() {
    return Stream.of(
        steps("features not offered", f -> f.wire().send(2, u64(1L << 63))),
        steps("protocol features not offered", f -> f.wire().send(16, u64(1L << 63))),
        steps("in-band notifications alone", f -> f.wire().send(16, u64(1L << 14))),
        steps("config without its feature", f -> f.wire().send(24, u32(0, 4, 0, 0))),
        steps("status without its feature", f -> f.wire().send(39, u64(1))),
        steps(
            "memory slot without its feature",
            f -> f.wire().send(37, join(u64(0), region(GPA, MEMORY, UVA, 0)), f.memory().fd())),
        steps("queue 2 of 2", f -> f.wire().send(8, u32(2, 64))),
        steps("queue -1", f -> f.wire().send(8, u32(-1, 64))),
        steps("addresses of queue 1000", f -> f.wire().send(9, join(u32(1000, 0), new byte[32]))),
        steps("base of queue 2", f -> f.wire().send(10, u32(2, 0))),
        steps("stop of queue 2", f -> f.wire().send(11, u32(2, 0))),
        steps("enable of queue 2", f -> f.wire().send(18, u32(2, 1))),
        steps("enable with 2", f -> f.wire().send(18, u32(0, 2))),
        steps("kick of queue 255", f -> f.wire().send(12, u64(0xff), f.kick().fd())),
        steps("call of queue 2", f -> f.wire().send(13, u64(2), f.call().fd())),
        steps(
            "a descriptor that is announced as none",
            f -> f.wire().send(12, u64(0x100), f.kick().fd())),
        steps("no descriptor where one is announced", f -> f.wire().send(12, u64(0))),
        steps("memory as kick", f -> f.wire().send(12, u64(0), f.memory().fd())),
        steps("memory as call", f -> f.wire().send(13, u64(0), f.memory().fd())),
        steps("0 entries", f -> f.wire().send(8, u32(0, 0))),
        steps("3 entries", f -> f.wire().send(8, u32(0, 3))),
        steps("65536 entries", f -> f.wire().send(8, u32(0, 65536))),
        steps("-1 entries", f -> f.wire().send(8, u32(0, -1))),
        steps("9 regions", f -> f.wire().send(5, join(u32(9, 0), new byte[32]), f.memory().fd())),
        steps(
            "2 regions, 1 descriptor",
            f -> f.wire().send(5, table(0, 4096, 0, 0, 8192, 4096, 8192, 0), f.memory().fd())),
        steps(
            "1 region, 2 descriptors",
            f -> f.wire().send(5, table(0, 4096, 0, 0), f.memory().fd(), f.memory().fd())),
        steps(
            "overlapping guest addresses",
            f ->
                f.wire()
                    .send(
                        5,
                        table(0, 8192, UVA, 0, 4096, 8192, UVA + 65536, 0),
                        f.memory().fd(),
                        f.memory().fd())),
        steps(
            "overlapping front-end addresses",
            f ->
                f.wire()
                    .send(
                        5,
                        table(0, 8192, UVA, 0, 65536, 8192, UVA + 4096, 0),
                        f.memory().fd(),
                        f.memory().fd())),
        steps(
            "a guest address that wraps",
            f -> f.wire().send(5, table(-4096, 8192, UVA, 0), f.memory().fd())),
        steps(
            "a front-end address that wraps",
            f -> f.wire().send(5, table(0, 8192, -4096, 0), f.memory().fd())),
        steps(
            "a size of all there is",
            f -> f.wire().send(5, table(4096, -1, UVA, 0), f.memory().fd())),
        steps("a size of nothing", f -> f.wire().send(5, table(0, 0, UVA, 0), f.memory().fd())),
        steps(
            "an offset that wraps",
            f -> f.wire().send(5, table(0, 4096, UVA, -4096), f.memory().fd())),
        steps(
            "more than the file has",
            f -> f.wire().send(5, table(0, MEMORY + 1, UVA, 0), f.memory().fd())),
        steps("an eventfd as memory", f -> f.wire().send(5, table(0, 4096, UVA, 0), f.kick().fd())),
        steps("rings outside of memory", f -> ring(f, 0x1000, 0x2000, 0x3000)),
        steps("a ring that leaves memory", f -> ring(f, UVA + MEMORY - 16, UVA, UVA + 4096)),
        steps("a used ring at the last byte", f -> ring(f, UVA, UVA + MEMORY - 4, UVA + 4096)),
        steps("a misaligned descriptor table", f -> ring(f, UVA + 8, UVA + 4096, UVA + 8192)),
        steps("negative ring addresses", f -> ring(f, -1, -1, -1)),
        steps("a size for a running queue", f -> f.ready().echo().wire().send(8, u32(0, 128))),
        steps("a base for a running queue", f -> f.ready().echo().base(7)),
        steps(
            "running rings without their memory",
            f -> f.ready().echo().wire().send(5, table(0, 4096, UVA + MEMORY, 0), f.memory().fd())),
        steps(
            "a legacy driver",
            f -> {
              f.wire().send(2, u64(PROTOCOL));
              f.wire().send(5, join(u32(1, 0), region(GPA, MEMORY, UVA, 0)), f.memory().fd());
              f.place().notify(f.kick().fd(), f.call().fd()).enable(true);
            }),
        steps(
            "a log that its file does not have",
            f -> {
              f.wire().send(16, u64(2));
              f.wire().send(6, u64(MEMORY + 4096, 0), f.memory().fd());
            }),
        steps(
            "a log at an odd place",
            f -> {
              f.wire().send(16, u64(2));
              f.wire().send(6, u64(4096, 1), f.memory().fd());
            }),
        steps(
            "an account of nothing",
            f -> {
              f.wire().send(16, u64(1 << 12));
              f.wire().send(31, join(u64(0, 0), new byte[4]));
            }),
        steps(
            "an account for more queues than there are",
            f -> {
              f.wire().send(16, u64(1 << 12));
              f.wire().send(31, join(u64(0, 0), new byte[] {3, 0, 64, 0}));
            }),
        steps(
            "an account that its file does not have",
            f -> {
              f.wire().send(16, u64(1 << 12));
              byte[] account = join(u64(MEMORY + 64, 0), new byte[] {1, 0, 64, 0});
              f.wire().send(32, account, f.memory().fd());
            }),
        steps(
            "an account at an odd place",
            f -> {
              f.wire().send(16, u64(1 << 12));
              byte[] account = join(u64(4096, 4), new byte[] {1, 0, 64, 0});
              f.wire().send(32, account, f.memory().fd());
            }),
        steps(
            "an account that is too short for its queues",
            f -> {
              f.wire().send(16, u64(1 << 12));
              byte[] account = join(u64(64, 0), new byte[] {1, 0, 64, 0});
              f.wire().send(32, account, f.memory().fd());
              f.ready();
            }),
        steps(
            "an account of fewer entries than the queue has",
            f -> {
              f.wire().send(16, u64(1 << 12));
              byte[] account = join(u64(4096, 0), new byte[] {1, 0, 32, 0});
              f.wire().send(32, account, f.memory().fd());
              f.ready();
            }),
        steps(
            "a slot that is taken",
            f -> {
              f.wire().send(16, u64(1 << 15));
              byte[] slot = join(u64(0), region(GPA, MEMORY, UVA, 0));
              f.wire().send(37, slot, f.memory().fd());
              f.wire().send(37, slot, f.memory().fd());
            }),
        steps(
            "a slot that is not there",
            f -> {
              f.wire().send(16, u64(1 << 15));
              f.wire().send(38, join(u64(0), region(GPA, MEMORY, UVA, 0)));
            }),
        steps(
            "config beyond its end",
            f -> {
              f.wire().send(16, u64(1 << 9));
              f.wire().send(24, u32(250, 100, 0));
            }),
        steps(
            "config at minus one",
            f -> {
              f.wire().send(16, u64(1 << 9));
              f.wire().send(24, u32(-1, 1, 0));
            }),
        steps(
            "config of less than it says",
            f -> {
              f.wire().send(16, u64(1 << 9));
              f.wire().send(25, u32(0, 8, 0, 0));
            }),
        steps(
            "memory as back-end channel",
            f -> {
              f.wire().send(16, u64(1 << 5));
              f.wire().send(21, new byte[0], f.memory().fd());
            }));
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("wrongStates")
  void whatCannotBeEndsTheConnection(String what, Consumer<EchoFrontEnd> steps) {
    try (EchoFrontEnd front = new EchoFrontEnd(host.socket(0))) {
      steps.accept(front);
      assertThat(front.wire().isClosed()).as(what).isTrue();
    }
  }

  @Test
  void halfAMessageKeepsNobodyWaiting() {
    try (RawFrontEnd slow = connect()) {
      byte[] message = join(u32(2, 1, 8), u64(VERSION_1));
      for (int i = 0; i < message.length - 1; i++) {
        slow.raw(Arrays.copyOfRange(message, i, i + 1));
        neighbour.echo();
      }
      slow.raw(Arrays.copyOfRange(message, message.length - 1, message.length));
      assertThat(slow.ask(1, new byte[0]).getLong() & VERSION_1).isNotZero();
    }
  }

  @Test
  void aConversationMayEndAtEveryByte() {
    byte[] message = join(u32(2, 1, 8), u64(VERSION_1));
    for (int i = 0; i <= message.length; i++) {
      try (RawFrontEnd wire = connect()) {
        wire.raw(Arrays.copyOf(message, i));
      }
    }
  }

  @Test
  void aConversationMayEndAfterEveryStep() {
    List<Consumer<EchoFrontEnd>> steps =
        List.of(
            f -> {},
            EchoFrontEnd::share,
            f -> f.share().place(),
            f -> f.share().place().notify(f.kick().fd(), f.call().fd()),
            EchoFrontEnd::ready,
            f -> f.ready().echo(),
            f -> f.ready().offer(),
            f -> f.ready().echo().stop());
    for (Consumer<EchoFrontEnd> each : steps) {
      try (EchoFrontEnd front = new EchoFrontEnd(host.socket(0))) {
        each.accept(front);
      }
    }
  }

  /// Every kind of bad end in turn, 10,000 of them.
  @Test
  void nothingLeaksOverTenThousandBadConversations() throws IOException {
    List<Consumer<EchoFrontEnd>> cases = new ArrayList<>();
    wrongStates()
        .forEach(each -> {
          @SuppressWarnings("unchecked")
          Consumer<EchoFrontEnd> steps = (Consumer<EchoFrontEnd>) each.get()[1];
          cases.add(steps);
        });
    Runnable round =
        () -> {
          for (Consumer<EchoFrontEnd> each : cases) {
            try (EchoFrontEnd front = new EchoFrontEnd(host.socket(0))) {
              each.accept(front);
              assertThat(front.wire().isClosed()).isTrue();
            }
          }
        };
    round.run();
    long fds = descriptors();
    long mappings = mappings();
    for (int i = 0; i < 10_000; i += cases.size()) {
      round.run();
    }
    assertThat(descriptors()).isLessThanOrEqualTo(fds);
    assertThat(mappings()).isLessThanOrEqualTo(mappings);
  }

  private static long descriptors() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.count();
    }
  }

  private static long mappings() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains("memfd:guest")).count();
    }
  }
}
