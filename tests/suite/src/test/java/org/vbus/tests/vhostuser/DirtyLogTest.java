package org.vbus.tests.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.fixture.vhostuser.EchoFrontEnd.*;
import static org.vbus.fixture.vhostuser.Message.*;
import static org.vbus.fixture.vhostuser.RawFrontEnd.join;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u32;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u64;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Random;
import java.util.SortedSet;
import java.util.TreeSet;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.vhostuser.EchoFrontEnd;
import org.vbus.fixture.vhostuser.EchoHost;
import org.vbus.fixture.vhostuser.RawFrontEnd;
import org.vbus.linux.SharedMemory;

/// The log of a live migration: a page is marked exactly when the device wrote to it, so that who
/// copies marked pages has all there is, and no more to do than needed.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DirtyLogTest {
  private static final long ORDINARY = VERSION_1 | PROTOCOL;
  private static final int PAGE = 4096;
  private static final int QUEUE = 1024;
  private static final long LOG_BYTES = (GPA + MEMORY) / PAGE / 8;

  /// What requests and answers lie in, behind the rings.
  private static final long ROOM = MEMORY / 2;

  @TempDir private Path dir;
  private EchoHost host;
  private EchoFrontEnd front;
  private SharedMemory log;

  @BeforeEach
  void start() throws IOException {
    host = new EchoHost(dir, new ProbeDevice(ProbeDevice.DEVICE_ID, 1, QUEUE, 0, 16));
    log = SharedMemory.create("log", LOG_BYTES);
  }

  @AfterEach
  void stop() {
    front.close();
    log.close();
    host.close();
  }

  /// A front-end that logs; the ring is described and not yet enabled.
  private void connect(long features) {
    front = new EchoFrontEnd(RawFrontEnd.to(host.socket(0)), features, QUEUE);
    front.protocol(P_LOG_SHMFD);
    logTo(log);
    features(features | LOG_ALL);
    front.table(MEMORY).place().addresses(1);
    front.notify(front.kick().fd(), front.call().fd()).settle();
  }

  private void logTo(SharedMemory to) {
    assertThat(front.wire().ask(SET_LOG_BASE, u64(LOG_BYTES, 0), to.fd()).remaining()).isEqualTo(8);
  }

  private void features(long features) {
    front.wire().send(SET_FEATURES, u64(features));
  }

  /// Pages of guest memory that a log marks; marks of others would be negative or too large.
  private static SortedSet<Long> marked(SharedMemory log) {
    SortedSet<Long> pages = new TreeSet<>();
    for (long bit = 0; bit < LOG_BYTES * 8; bit++) {
      if ((log.segment().get(JAVA_BYTE, bit / 8) >> (bit % 8) & 1) != 0) {
        pages.add(bit - GPA / PAGE);
      }
    }
    return pages;
  }

  private byte[] snapshot() {
    return front.memory().segment().toArray(JAVA_BYTE);
  }

  private SortedSet<Long> changedSince(byte[] before) {
    byte[] now = snapshot();
    SortedSet<Long> pages = new TreeSet<>();
    for (int i = 0; i < now.length; i++) {
      if (now[i] != before[i]) {
        pages.add((long) i / PAGE);
      }
    }
    return pages;
  }

  private static SortedSet<Long> without(SortedSet<Long> pages, SortedSet<Long> others) {
    SortedSet<Long> rest = new TreeSet<>(pages);
    rest.removeAll(others);
    return rest;
  }

  /// Offers requests of one to three pages whose answers go to other places, which hold only
  /// zeroes, and are shorter than there is room.
  private void offer(Random random, int count) {
    MemorySegment memory = front.memory().segment();
    memory.asSlice(ROOM).fill((byte) 0);
    int slots = (int) ((MEMORY - ROOM) / (4 * PAGE));
    for (int i = 0; i < count; i++) {
      int length = 8 + 8 * random.nextInt(3 * PAGE / 8 - 8);
      long from = PAGE * 16L;
      long to = ROOM + (long) (i % slots) * 4 * PAGE + random.nextInt(PAGE / 8) * 8L;
      memory.asSlice(from, length).fill((byte) 0x5a);
      front.queue().begin();
      front.queue().out(front.gpa(from), length);
      int first = Math.min(length, 1 + random.nextInt(length));
      front.queue().in(front.gpa(to), first);
      front.queue().in(front.gpa(to + first), length - first + 1 + random.nextInt(PAGE));
      front.queue().commit(i);
    }
    if (front.queue().publish()) {
      front.kick().signal();
    }
  }

  private void take(int count) {
    for (int i = 0; i < count; i++) {
      while (!front.queue().hasUsed()) {
        Thread.onSpinWait();
      }
      assertThat(front.queue().nextUsed()).isEqualTo(i);
    }
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        ORDINARY,
        ORDINARY | EVENT_IDX,
        ORDINARY | IN_ORDER,
        ORDINARY | PACKED,
        ORDINARY | PACKED | EVENT_IDX,
        ORDINARY | PACKED | IN_ORDER
      })
  void exactlyThePagesThatTheDeviceWroteAreMarked(long features) {
    connect(features);
    Random random = new Random(7);
    for (int round = 0; round < 12; round++) {
      log.segment().fill((byte) 0);
      int count = round == 0 ? 1 : 1 + random.nextInt(120);
      offer(random, count);
      byte[] before = snapshot();
      front.enable(true);
      take(count);
      front.enable(false).settle();
      SortedSet<Long> changed = changedSince(before);
      SortedSet<Long> marked = marked(log);
      assertThat(without(changed, marked)).as("unmarked in round %d", round).isEmpty();
      // Where the device asks for kicks it may have written what was there already.
      assertThat(without(marked, changed))
          .as("marked needlessly in round %d", round)
          .isSubsetOf(pageOfKickRequests(features));
    }
  }

  private long pageOfKickRequests(long features) {
    long used = front.queue().addresses().used();
    boolean atItsEnd = (features & (EVENT_IDX | PACKED)) == EVENT_IDX;
    return (atItsEnd ? used + 4 + 8 * QUEUE : used) / PAGE;
  }

  @Test
  void theUsedRingIsMarkedOnlyWhereItsFlagSaysSo() {
    connect(ORDINARY);
    front.addresses(0).enable(true).settle();
    log.segment().fill((byte) 0);
    offer(new Random(1), 3);
    take(3);
    front.enable(false).settle();
    assertThat(marked(log)).isNotEmpty().allMatch(page -> page >= ROOM / PAGE);
  }

  @Test
  void theUsedRingIsMarkedAtTheAddressThatWasGivenForIt() {
    connect(ORDINARY);
    var at = front.queue().addresses();
    byte[] rings = u64(UVA + at.desc(), UVA + at.used(), UVA + at.avail(), 40L * PAGE);
    front.wire().send(SET_VRING_ADDR, join(u32(0, 1), rings));
    front.enable(true).settle();
    log.segment().fill((byte) 0);
    offer(new Random(1), 3);
    take(3);
    front.enable(false).settle();
    assertThat(marked(log)).contains(40 - GPA / PAGE);
    assertThat(marked(log).tailSet(0L)).allMatch(page -> page >= ROOM / PAGE);
  }

  @Test
  void aLogMayBeReplacedWhileTheRingRuns() throws IOException {
    connect(ORDINARY);
    front.enable(true);
    try (SharedMemory second = SharedMemory.create("log", LOG_BYTES)) {
      SharedMemory now = log;
      SharedMemory other = second;
      for (int i = 0; i < 20; i++) {
        front.echo(10);
        logTo(other);
        now.segment().fill((byte) 0);
        SharedMemory before = now;
        now = other;
        other = before;
        front.echo(10);
        assertThat(marked(now)).isNotEmpty();
        assertThat(marked(before)).isEmpty();
      }
      logTo(log);
    }
  }

  @Test
  void loggingEndsWithItsFeature() {
    connect(ORDINARY);
    front.enable(true).echo(5);
    assertThat(marked(log)).isNotEmpty();
    features(ORDINARY);
    front.settle();
    log.segment().fill((byte) 0);
    front.echo(5);
    assertThat(marked(log)).isEmpty();
    features(ORDINARY | LOG_ALL);
    front.settle().echo(5);
    assertThat(marked(log)).isNotEmpty();
  }

  @Test
  void aLogThatIsTooShortForTheMemoryIsNotExceeded() throws IOException {
    connect(ORDINARY);
    long bytes = 4 * PAGE;
    try (SharedMemory small = SharedMemory.create("log", bytes)) {
      front.wire().ask(SET_LOG_BASE, u64(8, PAGE), small.fd());
      front.enable(true).echo(20).settle();
      assertThat(small.segment().toArray(JAVA_LONG)).containsOnly(0);
      logTo(log);
    }
  }

  @Test
  void theLogBeginsAtItsOffset() throws IOException {
    connect(ORDINARY);
    try (SharedMemory shifted = SharedMemory.create("log", LOG_BYTES + 12)) {
      front.wire().ask(SET_LOG_BASE, u64(LOG_BYTES, 12), shifted.fd());
      front.enable(true).echo().enable(false).settle();
      logTo(log);
      assertThat(shifted.segment().asSlice(0, 12).toArray(JAVA_BYTE)).containsOnly(0);
      long page = (GPA + front.answer(0)) / PAGE;
      assertThat(shifted.segment().get(JAVA_BYTE, 12 + page / 8) >> (page % 8) & 1).isOne();
    }
  }
}
