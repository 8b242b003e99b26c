package org.vbus.venet.capture;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.Direction;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.FrameTap;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.MacAddress;
import org.vbus.venet.l2.SwitchPort;
import org.vbus.venet.l2.TestFrames;

@Timeout(60)
class PcapngCaptureTest {
  private static final long A = 0x5254_0000_000AL;
  private static final long B = 0x5254_0000_000BL;
  private static final long GROUP = 0x0100_5E00_0001L;

  private static final int INBOUND = 1;
  private static final int OUTBOUND = 2;
  private static final int UNICAST = 1 << 2;
  private static final int MULTICAST = 2 << 2;
  private static final int BROADCAST = 3 << 2;

  @TempDir private Path directory;

  @Test
  void writesAnEmptyCaptureThatSaysWhatMadeIt() throws Exception {
    Path file = directory.resolve("empty.pcapng");
    PcapngCapture.open(file).close();
    PcapngReader read = PcapngReader.read(file);
    assertThat(read.sections).hasSize(1);
    PcapngReader.Section section = read.sections.getFirst();
    assertThat(section.hardware()).isEqualTo(System.getProperty("os.arch"));
    assertThat(section.os()).startsWith(System.getProperty("os.name"));
    assertThat(section.application()).isEqualTo("vbus");
    assertThat(read.blockTypes).hasSize(1);
  }

  @Test
  void writesEachFrameByteForByteWithItsDirectionAndKind() throws Exception {
    Path file = directory.resolve("frames.pcapng");
    List<Frame> frames =
        List.of(
            TestFrames.frame(B, A, 60),
            TestFrames.frame(GROUP, A, 61),
            TestFrames.frame(MacAddress.BROADCAST, A, 1514),
            TestFrames.frame(B, A, 7));
    long before = nanos(Instant.now());
    try (PcapngCapture capture = PcapngCapture.open(file)) {
      FrameTap tap = capture.addInterface("vm1");
      tap.frame(Direction.INGRESS, frames.get(0));
      tap.frame(Direction.EGRESS, frames.get(1));
      tap.frame(Direction.INGRESS, frames.get(2));
      tap.frame(Direction.EGRESS, frames.get(3));
    }
    long after = nanos(Instant.now());

    PcapngReader read = PcapngReader.read(file);
    assertThat(read.interfaces)
        .containsExactly(new PcapngReader.Interface(1, PcapngCapture.DEFAULT_SNAPLEN, "vm1", 9));
    assertThat(read.packets)
        .extracting(PcapngReader.Packet::flags)
        .containsExactly(INBOUND | UNICAST, OUTBOUND | MULTICAST, INBOUND | BROADCAST, OUTBOUND);
    for (int i = 0; i < frames.size(); i++) {
      PcapngReader.Packet packet = read.packets.get(i);
      assertThat(packet.data()).isEqualTo(hex(TestFrames.bytes(frames.get(i))));
      assertThat(packet.originalLength()).isEqualTo(frames.get(i).length());
      // The clock may be set while the test runs; a wrong unit or epoch is far off.
      assertThat(packet.nanos()).isBetween(before - 5_000_000_000L, after + 5_000_000_000L);
    }
    assertThat(read.statistics).hasSize(1);
    PcapngReader.Statistics statistics = read.statistics.getFirst();
    assertThat(statistics.received()).isEqualTo(4);
    assertThat(statistics.dropped()).isZero();
    assertThat(statistics.written()).isEqualTo(4);
    assertThat(statistics.start()).isLessThanOrEqualTo(statistics.end());
  }

  @Test
  void keepsTheFirstBytesAndTheOriginalLengthOfLongFrames() throws Exception {
    Path file = directory.resolve("snap.pcapng");
    Frame frame = TestFrames.frame(B, A, 1514);
    try (PcapngCapture capture = PcapngCapture.open(file, 97, 16)) {
      capture.addInterface("vm1").frame(Direction.INGRESS, frame);
    }
    PcapngReader.Packet packet = PcapngReader.read(file).packets.getFirst();
    assertThat(packet.data()).isEqualTo(hex(Arrays.copyOf(TestFrames.bytes(frame), 97)));
    assertThat(packet.originalLength()).isEqualTo(1514);
  }

  @Test
  void describesInterfacesAddedWhileRunningBeforeTheirFrames() throws Exception {
    Path file = directory.resolve("hotplug.pcapng");
    Frame frame = TestFrames.frame(B, A, 60);
    try (PcapngCapture capture = PcapngCapture.open(file)) {
      for (int i = 0; i < 50; i++) {
        FrameTap tap = capture.addInterface("vm" + i);
        for (int n = 0; n <= i; n++) {
          tap.frame(Direction.INGRESS, frame);
        }
        LockSupport.parkNanos(100_000);
      }
    }
    PcapngReader read = PcapngReader.read(file); // checks the order
    assertThat(read.interfaces).hasSize(50);
    assertThat(read.statistics).hasSize(50);
    for (int i = 0; i < 50; i++) {
      int id = i;
      assertThat(read.interfaces.get(i).name()).isEqualTo("vm" + i);
      assertThat(read.packets).filteredOn(p -> p.interfaceId() == id).hasSize(i + 1);
      assertThat(read.statistics.get(i).received()).isEqualTo(i + 1);
    }
  }

  @Test
  void letsAReaderSeeFramesWhileItRuns() throws Exception {
    Path file = directory.resolve("live.pcapng");
    try (PcapngCapture capture = PcapngCapture.open(file)) {
      FrameTap tap = capture.addInterface("vm1");
      for (int i = 1; i <= 3; i++) {
        tap.frame(Direction.INGRESS, TestFrames.frame(B, A, 60));
        while (PcapngReader.read(file).packets.size() < i) {
          LockSupport.parkNanos(1_000_000);
        }
      }
    }
  }

  @Test
  void countsEachFrameAsWrittenOrDropped() throws Exception {
    Path file = directory.resolve("overload.pcapng");
    int frames = 50_000;
    try (ExecutorService threads = Executors.newFixedThreadPool(2);
        PcapngCapture capture = PcapngCapture.open(file, 256, 4)) {
      List<Future<?>> loops =
          List.of(
              threads.submit(() -> blast(capture.addInterface("vm1"), frames)),
              threads.submit(() -> blast(capture.addInterface("vm2"), frames)));
      for (Future<?> loop : loops) {
        loop.get(30, TimeUnit.SECONDS);
      }
    }
    PcapngReader read = PcapngReader.read(file);
    assertThat(read.statistics).hasSize(2);
    for (PcapngReader.Statistics statistics : read.statistics) {
      assertThat(statistics.received()).isEqualTo(frames);
      assertThat(statistics.dropped()).as("a ring of four").isPositive();
      assertThat(statistics.written() + statistics.dropped()).isEqualTo(frames);
      assertThat(read.packets)
          .filteredOn(p -> p.interfaceId() == statistics.interfaceId())
          .hasSize((int) statistics.written());
    }
  }

  @Test
  void capturesASwitchPort() throws Exception {
    Path file = directory.resolve("switch.pcapng");
    L2Switch lan = new L2Switch("lan");
    SwitchPort a = lan.attach("a", frame -> Delivery.DELIVERED);
    SwitchPort b = lan.attach("b", frame -> Delivery.DELIVERED);
    try (PcapngCapture capture = PcapngCapture.open(file)) {
      a.tap(capture.addInterface(a.name()));
      lan.forward(a, TestFrames.frame(B, A, 60), 0);
      lan.forward(b, TestFrames.frame(A, B, 70), 0);
      a.tap(null);
      lan.forward(b, TestFrames.frame(A, B, 80), 0);
    }
    assertThat(PcapngReader.read(file).packets)
        .extracting(PcapngReader.Packet::originalLength, PcapngReader.Packet::flags)
        .containsExactly(
            org.assertj.core.groups.Tuple.tuple(60L, INBOUND | UNICAST),
            org.assertj.core.groups.Tuple.tuple(70L, OUTBOUND | UNICAST));
  }

  @Test
  void ignoresFramesAfterClose() throws Exception {
    Path file = directory.resolve("late.pcapng");
    PcapngCapture capture = PcapngCapture.open(file);
    FrameTap tap = capture.addInterface("vm1");
    capture.close();
    tap.frame(Direction.INGRESS, TestFrames.frame(B, A, 60));
    capture.close();
    assertThat(PcapngReader.read(file).packets).isEmpty();
    assertThatIllegalStateException()
        .isThrownBy(() -> capture.addInterface("vm2"))
        .withMessage("capture " + file + " is closed");
  }

  @Test
  void closesUnderLoopsThatStillCapture() throws Exception {
    try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
      for (int i = 0; i < 20; i++) {
        Path file = directory.resolve("busy" + i + ".pcapng");
        PcapngCapture capture = PcapngCapture.open(file, 1514, 64);
        FrameTap tap = capture.addInterface("vm1");
        Future<?> loop = threads.submit(() -> blast(tap, 20_000));
        LockSupport.parkNanos(500_000);
        capture.close();
        assertThat(capture.failure()).isNull();
        loop.get(30, TimeUnit.SECONDS);
        assertThat(PcapngReader.read(file).statistics).hasSize(1);
      }
    }
  }

  @Test
  void saysInOneLineWhyAFileCannotBeWritten() {
    Path missing = directory.resolve("no/such/x.pcapng");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> PcapngCapture.open(missing))
        .withMessage("cannot write capture file " + missing + ": no such directory");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> PcapngCapture.open(directory))
        .withMessage("cannot write capture file " + directory + ": Is a directory");
  }

  @Test
  void saysSoIfThereIsNoSpace() {
    Path full = Path.of("/dev/full");
    assumeTrue(Files.exists(full), "/dev/full is a Linux device");
    assertThatExceptionOfType(IOException.class)
        .isThrownBy(() -> PcapngCapture.open(full))
        .withMessage("cannot write capture file /dev/full: No space left on device");
  }

  @Test
  void endsTheCaptureButNotTheSwitchWhenWritingFails() throws Exception {
    Path fifo = fifo();
    try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
      Future<PcapngCapture> opened = threads.submit(() -> PcapngCapture.open(fifo, 1514, 64));
      PcapngCapture capture;
      try (var reader = Files.newByteChannel(fifo)) {
        capture = opened.get(10, TimeUnit.SECONDS);
        assertThat(reader.isOpen()).isTrue();
      }
      FrameTap tap = capture.addInterface("vm1");
      while (capture.failure() == null) {
        tap.frame(Direction.INGRESS, TestFrames.frame(B, A, 60));
      }
      tap.frame(Direction.INGRESS, TestFrames.frame(B, A, 60));
      assertThatExceptionOfType(IOException.class)
          .isThrownBy(capture::close)
          .withMessage("capture file " + fifo + " is incomplete: Broken pipe");
    }
  }

  @Test
  void closesWithinItsTimeWhenTheFileTakesNoData() throws Exception {
    Path fifo = fifo();
    try (ExecutorService threads = Executors.newFixedThreadPool(1)) {
      Future<PcapngCapture> opened = threads.submit(() -> PcapngCapture.open(fifo, 65_535, 64));
      try (var reader = Files.newByteChannel(fifo)) {
        PcapngCapture capture = opened.get(10, TimeUnit.SECONDS);
        FrameTap tap = capture.addInterface("vm1");
        for (int i = 0; i < 50; i++) {
          tap.frame(Direction.INGRESS, TestFrames.frame(B, A, 60_000));
        }
        assertThatExceptionOfType(IOException.class)
            .isThrownBy(capture::close)
            .withMessageStartingWith("capture file " + fifo + " is incomplete: ");
        tap.frame(Direction.INGRESS, TestFrames.frame(B, A, 60));
        assertThat(reader.isOpen()).isTrue();
      }
    }
  }

  @Test
  void refusesImpossibleSizes() {
    Path file = directory.resolve("x.pcapng");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PcapngCapture.open(file, 13, 64))
        .withMessageContaining("snaplen 13");
    assertThatIllegalArgumentException().isThrownBy(() -> PcapngCapture.open(file, 300_000, 64));
    assertThatIllegalArgumentException()
        .isThrownBy(() -> PcapngCapture.open(file, 1514, 100))
        .withMessage("capture of 100 slots: expected a power of two");
    assertThat(file).doesNotExist();
  }

  @Test
  void writesWhatTcpdumpReads() throws Exception {
    boolean installed = isInstalled("tcpdump");
    if ("true".equals(System.getenv("CI"))) {
      assertThat(installed).as("tcpdump must be installed in CI").isTrue();
    }
    assumeTrue(installed, "tcpdump is not installed");
    Path file = directory.resolve("tcpdump.pcapng");
    try (PcapngCapture capture = PcapngCapture.open(file)) {
      FrameTap vm1 = capture.addInterface("vm1");
      FrameTap vm2 = capture.addInterface("vm2");
      vm1.frame(Direction.INGRESS, TestFrames.frame(B, A, 60));
      vm2.frame(Direction.EGRESS, TestFrames.frame(B, A, 60));
      vm2.frame(Direction.INGRESS, TestFrames.frame(MacAddress.BROADCAST, B, 1514));
    }
    // From its input: tcpdump may not be allowed to open files in the temporary directory.
    String out = run(Redirect.from(file.toFile()), "tcpdump", "-e", "-n", "-r", "-");
    assertThat(out)
        .containsPattern(
            Pattern.quote("52:54:00:00:00:0a > 52:54:00:00:00:0b, ethertype Unknown (0x88b5)")
                + ", length 60")
        .containsPattern("52:54:00:00:00:0b > ff:ff:ff:ff:ff:ff.*length 1514");
    assertThat(out.lines().filter(line -> line.contains(" > "))).hasSize(3);
  }

  private Path fifo() throws Exception {
    assumeTrue(isInstalled("mkfifo"), "mkfifo is not installed");
    Path fifo = directory.resolve("fifo");
    run(Redirect.PIPE, "mkfifo", fifo.toString());
    return fifo;
  }

  private static void blast(FrameTap tap, int frames) {
    Frame frame = TestFrames.frame(B, A, 200);
    for (int i = 0; i < frames; i++) {
      tap.frame(Direction.INGRESS, frame);
    }
  }

  private static String hex(byte[] bytes) {
    return HexFormat.of().formatHex(bytes);
  }

  private static long nanos(Instant instant) {
    return Duration.between(Instant.EPOCH, instant).toNanos();
  }

  private static boolean isInstalled(String command) {
    return Arrays.stream(System.getenv("PATH").split(File.pathSeparator, -1))
        .anyMatch(directory -> Files.isExecutable(Path.of(directory, command)));
  }

  /// Both outputs of a command that must succeed.
  private static String run(Redirect input, String... command) throws Exception {
    Process process =
        new ProcessBuilder(command).redirectInput(input).redirectErrorStream(true).start();
    String out = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    assertThat(process.waitFor()).as(out).isZero();
    return out;
  }
}
