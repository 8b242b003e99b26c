package org.vbus.tests.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.vbus.fixture.vhostuser.EchoFrontEnd.*;
import static org.vbus.fixture.vhostuser.Message.*;
import static org.vbus.fixture.vhostuser.RawFrontEnd.join;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u32;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u64;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.atomic.AtomicLong;
import java.util.concurrent.locks.LockSupport;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.connector.vhostuser.VhostUserConfig;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.vhostuser.EchoFrontEnd;
import org.vbus.fixture.vhostuser.EchoHost;
import org.vbus.fixture.vhostuser.RawFrontEnd;
import org.vbus.linux.EventFd;
import org.vbus.linux.UnixSocket;

/// What front-ends in the field do, though no document says that they may, and what they expect:
/// each of these has cost a back-end a bug.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class FrontEndTrapsTest {
  private static final long ORDINARY = VERSION_1 | PROTOCOL;

  @TempDir private Path dir;

  private interface Scene {
    void play(EchoFrontEnd front) throws IOException;
  }

  private void with(long features, Scene scene) {
    try (EchoHost host = new EchoHost(dir, new ProbeDevice(1));
        EchoFrontEnd front = new EchoFrontEnd(host.socket(0), features)) {
      scene.play(front);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private void with(Scene scene) {
    with(ORDINARY, scene);
  }

  /// SHMEM was protocol feature 20, then 21, and is 22; GPA_ADDRESSES is 21. Whoever offers none of
  /// them cannot be misunderstood.
  @Test
  void noProtocolFeatureWhoseNumberIsContestedIsOffered() {
    with(front -> {
      long offered = front.wire().ask(GET_PROTOCOL_FEATURES, new byte[0]).getLong();
      assertThat(offered >>> 21).isZero();
      if ((offered & P_GET_VRING_BASE_INFLIGHT) != 0) {
        assertThat(offered & P_INFLIGHT_SHMFD).isNotZero();
      }
    });
  }

  @Test
  void ringsAreFoundByTheAddressesOfTheFrontEndNotOfTheGuest() {
    with(front -> {
      front.share();
      front.move(GPA, GPA);
      front.place().notify(front.kick().fd(), front.call().fd()).enable(true);
      assertThat(front.wire().isClosed()).isTrue();
    });
  }

  @Test
  void bothKindsOfAddressesMayBeTheSame() {
    with(front -> {
      front.move(UVA, UVA);
      front.ready().echo(3);
    });
  }

  @Test
  void theBitOfTheProtocolIsOffered() {
    with(front ->
        assertThat(front.wire().ask(GET_FEATURES, new byte[0]).getLong() & PROTOCOL).isNotZero());
  }

  @Test
  void ringsMayBeEnabledBeforeTheFeaturesAreSet() {
    with(front ->
        front.enable(true).share().place().notify(front.kick().fd(), front.call().fd()).echo(3));
  }

  @Test
  void everythingMayBeSetBeforeTheFeatures() {
    with(front -> {
      front.table(MEMORY).place().notify(front.kick().fd(), front.call().fd()).enable(true);
      front.settle();
      front.wire().send(SET_FEATURES, u64(ORDINARY));
      front.echo(3);
    });
  }

  @Test
  void ringsOfFrontEndsThatDoNotKnowTheProtocolFeaturesAreEnabled() {
    with(
        VERSION_1,
        front -> front.share().place().notify(front.kick().fd(), front.call().fd()).echo(3));
  }

  @Test
  void ringsOfFrontEndsThatDoKnowThemAreNotEnabledUnasked() {
    with(front -> {
      front.share().place().notify(front.kick().fd(), front.call().fd()).offer();
      assertThat(front.stop()).isZero();
    });
  }

  @Test
  void featuresSetAgainDoNotDisable() {
    with(front -> {
      front.ready().echo();
      front.wire().send(SET_FEATURES, u64(ORDINARY));
      front.echo();
      front.wire().send(SET_FEATURES, u64(ORDINARY | LOG_ALL));
      front.echo();
      front.wire().send(SET_FEATURES, u64(ORDINARY));
      front.echo();
    });
  }

  @Test
  void anotherKickDescriptorDoesNotDisable() {
    with(front -> {
      front.ready().echo();
      try (EventFd other = EventFd.create()) {
        front.kicks(other.fd()).settle().offer();
        other.signal();
        front.take();
      }
    });
  }

  @ParameterizedTest
  @ValueSource(longs = {ORDINARY, ORDINARY | PACKED})
  void aStoppedRingKeepsWhatItIsAndStartsAgainWithAKickDescriptorAlone(long features) {
    with(
        features,
        front -> {
          front.ready().echo(5);
          int base = front.stop();
          front.offer();
          assertThat(front.stop()).isEqualTo(base);
          assertThat(front.answered()).isFalse();
          front.kicks(front.kick().fd()).take().echo(100);
        });
  }

  @Test
  void aKickBeforeTheRingIsEnabledIsNotLost() {
    with(front -> {
      front.share().place().offer();
      front.kick().signal();
      front.notify(front.kick().fd(), front.call().fd()).settle();
      front.enable(true).take();
    });
  }

  @Test
  void requestsThatComeWhileTheRingIsDisabledAreServedLater() {
    with(front -> {
      front.ready().echo();
      front.enable(false).settle().offer(5);
      front.kick().signal();
      front.settle().enable(true).take(5);
    });
  }

  /// The pauses are longer than the loop spins, so that each request meets it anywhere between
  /// polling and sleeping.
  @ParameterizedTest
  @ValueSource(
      longs = {ORDINARY, ORDINARY | EVENT_IDX, ORDINARY | PACKED, ORDINARY | PACKED | EVENT_IDX})
  void noKickIsLostBetweenPollingAndSleeping(long features) {
    with(
        features,
        front -> {
          front.ready();
          for (int i = 0; i < 500; i++) {
            front.echo();
            LockSupport.parkNanos(i % 10 * 10_000L);
          }
        });
  }

  @Test
  void theDescriptorOfAMemoryRegionThatIsRemovedIsClosed() {
    with(front -> {
      front.protocol(P_MEM_SLOTS | P_REPLY_ACK);
      byte[] slot = join(u64(0), region(GPA, MEMORY, UVA, 0));
      for (int i = 0; i < 10; i++) {
        assertThat(front.wire().acknowledged(ADD_MEM_REG, slot, front.memory().fd())).isZero();
        assertThat(front.wire().acknowledged(REM_MEM_REG, slot, front.memory().fd())).isZero();
      }
      front.settle();
      // Of this memory there is the front-end's own descriptor.
      assertThat(descriptorsOfMemory()).isEqualTo(1);
    });
  }

  private static long descriptorsOfMemory() throws IOException {
    try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
      return all.filter(FrontEndTrapsTest::isGuestMemory).count();
    }
  }

  private static boolean isGuestMemory(Path fd) {
    try {
      return Files.readSymbolicLink(fd).toString().contains("memfd:guest");
    } catch (IOException e) {
      return false;
    }
  }

  @Test
  void aFrontEndThatDiesWhileABackEndConnectsIsTriedAgain() throws IOException {
    Path path = dir.resolve("vmm.sock");
    VhostUserConfig config =
        new VhostUserConfig(null, path.toString(), VhostUserConfig.Role.CLIENT, null);
    try (EchoHost _ = new EchoHost(dir, config, new ProbeDevice(1))) {
      for (int i = 0; i < 3; i++) {
        try (UnixSocket dying = UnixSocket.listen(path)) {
          RawFrontEnd.accepted(dying).close();
        }
        Files.delete(path);
      }
      try (UnixSocket server = UnixSocket.listen(path);
          EchoFrontEnd front = new EchoFrontEnd(RawFrontEnd.accepted(server), ORDINARY, SIZE)) {
        front.ready().echo();
      }
    }
  }

  @Test
  void indirectDescriptorsThatWereNotNegotiatedAreTaken() {
    with(front -> {
      front.ready();
      MemorySegment memory = front.memory().segment();
      long table = front.heap().allocate(32, 16);
      long data = front.heap().allocate(64, 64);
      memory.set(JAVA_LONG, table, front.gpa(data));
      memory.set(JAVA_LONG, table + 8, 8 | 1L << 32 | 1L << 48);
      memory.set(JAVA_LONG, table + 16, front.gpa(data + 32));
      memory.set(JAVA_LONG, table + 24, 8 | 2L << 32);
      memory.set(JAVA_LONG, data, 0x1122334455667788L);
      front.queue().begin();
      front.queue().out(front.gpa(table), 32);
      front.queue().commit(0);
      memory.set(JAVA_SHORT, front.queue().addresses().desc() + 12, (short) 4);
      if (front.queue().publish()) {
        front.kick().signal();
      }
      while (!front.queue().hasUsed()) {
        Thread.onSpinWait();
      }
      assertThat(memory.get(JAVA_LONG, data + 32)).isEqualTo(0x1122334455667788L);
    });
  }

  /// Chains of two descriptors in a ring of 64: after these many requests each side has wrapped
  /// around none, once, twice and more times.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 31, 32, 33, 63, 64, 65, 200})
  void aPackedRingGoesOnAtTheWrapCountersItHad(int requests) {
    int place = requests * 2 % 128;
    int encoded = place < 64 ? place | 0x8000 : place - 64;
    goesOn(requests, encoded << 16 | encoded, encoded << 16 | encoded);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 1, 31, 32, 33, 63, 64, 65, 200})
  void aPackedRingGoesOnAtABaseThatNamesOnlyTheAvailablePlace(int requests) {
    int place = requests * 2 % 128;
    int encoded = place < 64 ? place | 0x8000 : place - 64;
    goesOn(requests, encoded << 16 | encoded, encoded);
  }

  /// A back-end stops at `base` after these requests, another one starts at what is `told` it.
  private void goesOn(int requests, int base, int told) {
    EchoFrontEnd front;
    try (EchoHost host = new EchoHost(dir, new ProbeDevice(1))) {
      front = new EchoFrontEnd(host.socket(0), ORDINARY | PACKED);
      front.ready().echo(requests);
      assertThat(front.stop()).isEqualTo(base);
    }
    try (front;
        EchoHost host = new EchoHost(dir, new ProbeDevice(1))) {
      front.reconnect(RawFrontEnd.to(host.socket(0))).share().place().base(told);
      front.notify(front.kick().fd(), front.call().fd()).enable(true).echo(100);
    }
  }

  @Test
  void theSocketIsAtExactlyThePathThatWasGiven() throws IOException {
    Path path = dir.resolve("net0");
    try (EchoHost _ = new EchoHost(dir, VhostUserConfig.socket(path), new ProbeDevice(1));
        Stream<Path> files = Files.list(dir)) {
      assertThat(files).containsExactly(path);
      new EchoFrontEnd(path).ready().echo().close();
    }
    assertThat(path).doesNotExist();
  }

  @Test
  void aSocketThatIsLeftOverIsReplaced() throws IOException {
    Path path = dir.resolve("d0.sock");
    UnixSocket.listen(path).close();
    assertThat(path).exists();
    with(front -> front.ready().echo());
  }

  @Test
  void aSocketThatIsInUseIsNotReplaced() throws IOException {
    Path path = dir.resolve("d0.sock");
    try (UnixSocket _ = UnixSocket.listen(path)) {
      assertThatThrownBy(() -> new EchoHost(dir, new ProbeDevice(1)))
          .hasMessageContaining("d0.sock");
      assertThat(path).exists();
    }
  }

  @Test
  void aFileThatIsNoSocketIsNotReplaced() throws IOException {
    Path path = dir.resolve("d0.sock");
    Files.writeString(path, "precious");
    assertThatThrownBy(() -> new EchoHost(dir, new ProbeDevice(1))).hasMessageContaining("d0.sock");
    assertThat(path).hasContent("precious");
  }

  @Test
  void aKickIsAHintAndNoCount() {
    with(front -> {
      front.ready();
      for (int i = 0; i < 1000; i++) {
        front.kick().signal();
      }
      front.echo();
      try (Arena arena = Arena.ofConfined()) {
        MemorySegment most = arena.allocate(8, 8);
        most.set(JAVA_LONG, 0, -2L);
        front.kick().drain();
        int _ = front.kick().fd().write(most, 0, 8);
      }
      front.echo().offer(20).take(20).echo();
    });
  }

  @Test
  void theCallDescriptorMayComeBeforeFeaturesAndMemory() {
    with(front -> {
      front.wire().send(SET_VRING_CALL, u64(0), front.call().fd());
      front.share().place().kicks(front.kick().fd()).enable(true).settle();
      front.call().drain();
      front.queue().enableSignals();
      front.echo().settle();
      assertThat(awaitCall(front)).isPositive();
    });
  }

  private static long awaitCall(EchoFrontEnd front) {
    for (long n; ; Thread.onSpinWait()) {
      if ((n = front.call().drain()) > 0) {
        return n;
      }
    }
  }

  // The memory table changes while rings run, and their addresses are not sent again.

  @ParameterizedTest
  @ValueSource(longs = {ORDINARY, ORDINARY | PACKED})
  void theMemoryTableMayChangeUnderTraffic(long features) {
    with(
        features,
        front -> {
          front.ready().echo();
          AtomicBoolean done = new AtomicBoolean();
          AtomicLong answers = new AtomicLong();
          CompletableFuture<Void> driver =
              CompletableFuture.runAsync(() -> {
                while (!done.get()) {
                  front.offer(8).take(8);
                  answers.addAndGet(8);
                }
              });
          long most = 0;
          for (int i = 0; i < 2000 && !driver.isDone(); i++) {
            long before = answers.get();
            changeTable(front, i);
            front.settle();
            most = Math.max(most, answers.get() - before);
          }
          done.set(true);
          driver.join();
          assertThat(most).as("answers during one change").isPositive();
          front.echo();
        });
  }

  private static void changeTable(EchoFrontEnd front, int how) {
    switch (how % 5) {
      case 0 -> front.table(MEMORY);
      case 1 -> front.table(MEMORY / 2);
      case 2 -> front.table(MEMORY / 2 + 4096).table(MEMORY);
      case 3 -> front.enable(false).table(MEMORY).enable(true);
      default -> {
        front.enable(false);
        front.move(GPA, UVA + how * MEMORY);
        front.table(MEMORY).addresses(0).enable(true);
      }
    }
  }

  @Test
  void guestMemoryMayMove() {
    with(front -> {
      front.ready();
      for (int i = 1; i < 100; i++) {
        front.echo();
        front.move(GPA + i * MEMORY, UVA);
        front.table(MEMORY).settle();
      }
      front.echo();
    });
  }

  @Test
  void memoryMayGrowRegionByRegionWhileTheRingRuns() {
    with(front -> {
      front.protocol(P_MEM_SLOTS | P_REPLY_ACK).ready().echo();
      for (int i = 1; i < 50; i++) {
        byte[] slot = join(u64(0), region(GPA + i * MEMORY, MEMORY, UVA + i * MEMORY, 0));
        assertThat(front.wire().acknowledged(ADD_MEM_REG, slot, front.memory().fd())).isZero();
        front.echo();
      }
      for (int i = 1; i < 50; i++) {
        byte[] slot = join(u64(0), region(GPA + i * MEMORY, MEMORY, UVA + i * MEMORY, 0));
        assertThat(front.wire().acknowledged(REM_MEM_REG, slot)).isZero();
        front.echo();
      }
    });
  }

  @Test
  void theOldMappingsAreGoneOnceTheNewTableIsAcknowledged() {
    with(front -> {
      front.protocol(P_REPLY_ACK).ready().echo();
      byte[] table = join(u32(1, 0), region(GPA, MEMORY, UVA, 0));
      long before = mappings();
      for (int i = 0; i < 20; i++) {
        assertThat(front.wire().acknowledged(SET_MEM_TABLE, table, front.memory().fd())).isZero();
        front.echo();
      }
      assertThat(mappings()).isEqualTo(before);
      front.memory().segment().set(JAVA_BYTE, MEMORY - 1, (byte) 1);
    });
  }

  private static long mappings() throws IOException {
    try (Stream<String> lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains("memfd:guest")).count();
    }
  }
}
