package org.vbus.tests.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.fixture.vhostuser.EchoFrontEnd.*;
import static org.vbus.fixture.vhostuser.Message.*;
import static org.vbus.fixture.vhostuser.RawFrontEnd.join;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u32;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u64;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.ledger.Event;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.vhostuser.EchoFrontEnd;
import org.vbus.fixture.vhostuser.EchoHost;
import org.vbus.fixture.vhostuser.RawFrontEnd;
import org.vbus.linux.EventFd;
import org.vbus.linux.UnixSocket;

/// What messages about rings and memory do: where a ring stops and starts, what pauses and what
/// resets it, how both sides are woken, how it says that it is broken.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RingMessagesTest {
  private static final long ORDINARY = VERSION_1 | PROTOCOL;
  private static final long INBAND = P_INBAND | P_BACKEND_REQ | P_REPLY_ACK;
  private static final byte[] NONE = {};

  @TempDir private Path dir;
  private ProbeDevice device;
  private EchoHost host;
  private EchoFrontEnd front;

  @BeforeEach
  void start() {
    device = new ProbeDevice(2);
    host = new EchoHost(dir, device);
    front = new EchoFrontEnd(host.socket(0));
  }

  @AfterEach
  void stop() {
    front.close();
    host.close();
  }

  private void use(long features) {
    front.close();
    front = new EchoFrontEnd(host.socket(0), features);
  }

  // Where a ring stands.

  @Test
  void theBaseOfASplitRingIsTheNumberOfRequestsModulo65536() {
    front.ready();
    for (int i = 0; i < 65_536 + 640; i += 32) {
      front.offer(32).take(32);
    }
    assertThat(front.stop()).isEqualTo(640);
  }

  @Test
  void aRingThatNeverRanStandsWhereItWasPut() {
    front.share().place().base(7);
    assertThat(front.stop()).isEqualTo(7);
  }

  @ParameterizedTest
  @ValueSource(longs = {ORDINARY, ORDINARY | PACKED, ORDINARY | IN_ORDER})
  void aRingGoesOnInAnotherConversationWhereItStood(long features) {
    use(features);
    front.ready().echo(77);
    for (int i = 0; i < 20; i++) {
      int base = front.stop();
      front.reconnect(RawFrontEnd.to(host.socket(0))).share().place().base(base);
      front.notify(front.kick().fd(), front.call().fd()).enable(true).echo(i + 1);
    }
  }

  @Test
  void requestsOfferedBetweenTwoConversationsAreServedInTheSecond() {
    front.ready().echo(3);
    int base = front.stop();
    front.offer(5);
    front.reconnect(RawFrontEnd.to(host.socket(0))).share().place().base(base);
    front.notify(front.kick().fd(), front.call().fd()).enable(true).take(5).echo();
  }

  @ParameterizedTest
  @ValueSource(longs = {ORDINARY, ORDINARY | PACKED})
  void aRingThatIsDisabledAndEnabledKeepsItsPlace(long features) {
    use(features);
    front.ready();
    for (int i = 0; i < 200; i++) {
      front.echo().enable(false).enable(true);
    }
    front.echo();
  }

  @Test
  void addressesThatAreSentAgainChangeNothing() {
    front.ready();
    for (int i = 0; i < 50; i++) {
      front.echo().addresses(0).addresses(1);
    }
    assertThat(front.stop()).isEqualTo(50);
  }

  @Test
  void oneRingRunsWhileTheOtherComesAndGoes() throws IOException {
    front.ready().echo();
    try (EventFd kick = EventFd.create()) {
      long at = UVA + MEMORY / 2;
      for (int i = 0; i < 50; i++) {
        front.wire().send(SET_VRING_NUM, u32(1, 16));
        front.wire().send(SET_VRING_BASE, u32(1, 0));
        front.wire().send(SET_VRING_ADDR, join(u32(1, 0), u64(at, at + 8192, at + 4096, 0)));
        front.wire().send(SET_VRING_KICK, u64(1), kick.fd());
        front.wire().send(SET_VRING_ENABLE, u32(1, 1));
        front.echo();
        ByteBuffer stopped = front.wire().ask(GET_VRING_BASE, u32(1, 0));
        assertThat(stopped.getInt()).isEqualTo(1);
        assertThat(stopped.getInt()).isZero();
        front.echo();
      }
    }
  }

  // Reset.

  @Test
  void aResetDeviceBeginsAtTheBeginning() {
    front.protocol(P_RESET_DEVICE).ready().echo(5);
    front.wire().send(RESET_DEVICE, NONE);
    // How far the ring came can still be asked, until it gets another base.
    assertThat(front.stop()).isEqualTo(5);
    assertThat(device.stops()).isEqualTo(device.starts());
    front.queue().reset();
    front.place().notify(front.kick().fd(), front.call().fd()).enable(true).echo(5);
    assertThat(front.stop()).isEqualTo(5);
  }

  @Test
  void ringsOfAResetDeviceDoNotRunUntilTheyAreDescribedAgain() {
    front.protocol(P_RESET_DEVICE).ready().echo(5);
    front.wire().send(RESET_DEVICE, NONE);
    front.settle().kicks(front.kick().fd()).enable(true).offer().settle();
    assertThat(front.answered()).isFalse();
    assertThat(host.device(0).running()).isFalse();
  }

  @Test
  void resetOwnerDisablesTheRings() {
    front.ready().echo(2);
    front.wire().send(RESET_OWNER, NONE);
    front.settle().offer();
    assertThat(host.device(0).running()).isFalse();
    front.enable(true).take();
  }

  // Status.

  @Test
  void theStatusIsKeptForTheFrontEnd() {
    front.protocol(P_STATUS).ready().echo();
    assertThat(status()).isZero();
    front.wire().send(SET_STATUS, u64(15));
    assertThat(status()).isEqualTo(15);
    front.echo();
  }

  @Test
  void statusZeroResetsTheDevice() {
    front.protocol(P_STATUS).ready().echo(5);
    front.wire().send(SET_STATUS, u64(15));
    front.wire().send(SET_STATUS, u64(0));
    assertThat(status()).isZero();
    assertThat(host.device(0).running()).isFalse();
    // QEMU 7.2 resets the status first and then asks how far the rings came.
    assertThat(front.stop()).isEqualTo(5);
  }

  @Test
  void theStatusOfADeviceWithABrokenRingNeedsAResetUntilThereIsOne() throws IOException {
    try (EventFd error = EventFd.create()) {
      front.protocol(P_STATUS).ready().echo();
      front.wire().send(SET_VRING_ERR, u64(0), error.fd());
      front.wire().send(SET_STATUS, u64(15));
      front.settle();
      breakRing();
      await(error);
      assertThat(status()).isEqualTo(15 | 64);
      front.wire().send(SET_STATUS, u64(0));
      assertThat(status()).isZero();
    }
  }

  private long status() {
    return front.wire().ask(GET_STATUS, NONE).getLong();
  }

  /// Makes the avail index jump.
  private void breakRing() {
    long avail = front.queue().addresses().avail();
    front.memory().segment().set(JAVA_SHORT, avail + 2, (short) 12345);
    front.kick().signal();
  }

  private static void await(EventFd event) {
    long deadline = System.nanoTime() + 20_000_000_000L;
    while (event.drain() == 0) {
      assertThat(System.nanoTime()).as("a signal in time").isLessThan(deadline);
      Thread.onSpinWait();
    }
  }

  // Signals.

  @Test
  void aBrokenRingSignalsItsErrorDescriptorAndTheOthersGoOn() throws IOException {
    try (EventFd error = EventFd.create()) {
      front.ready().echo();
      front.wire().send(SET_VRING_ERR, u64(0), error.fd());
      front.settle();
      breakRing();
      await(error);
      front.wire().send(SET_VRING_ERR, u64(NO_FD));
      front.settle();
    }
  }

  @Test
  void aBrokenRingThatIsStoppedAndPlacedAnewServesAgain() throws IOException {
    try (EventFd error = EventFd.create()) {
      front.ready().echo();
      front.wire().send(SET_VRING_ERR, u64(0), error.fd());
      front.settle();
      breakRing();
      await(error);
      front.stop();
      front.queue().reset();
      front.place().kicks(front.kick().fd()).echo(3);
    }
  }

  @Test
  void aRingWithoutAKickDescriptorIsPolled() {
    front.share().place();
    front.wire().send(SET_VRING_CALL, u64(NO_FD));
    front.wire().send(SET_VRING_KICK, u64(NO_FD));
    front.enable(true);
    for (int i = 0; i < 200; i++) {
      front.offer();
      front.kick().drain();
      front.take();
    }
  }

  @Test
  void aRingMayChangeBetweenKicksAndPolling() {
    front.ready();
    for (int i = 0; i < 20; i++) {
      front.wire().send(SET_VRING_KICK, u64(NO_FD));
      front.settle().echo().kicks(front.kick().fd()).settle().echo();
    }
  }

  @Test
  void aRingWithoutACallDescriptorIsServedInSilence() {
    front.ready();
    front.wire().send(SET_VRING_CALL, u64(NO_FD));
    front.settle().call().drain();
    front.echo(5).settle();
    assertThat(front.call().drain()).isZero();
    assertThat(host.device(0).tally(0).get(Event.SIGNALS_COALESCED)).isPositive();
  }

  @Test
  void aCallDescriptorThatReplacesAnotherIsSignalledAtOnce() throws IOException {
    try (EventFd other = EventFd.create()) {
      front.ready().echo();
      front.wire().send(SET_VRING_CALL, u64(0), other.fd());
      front.settle();
      assertThat(other.drain()).isPositive();
    }
  }

  @Test
  void inBandKicksStartARingAndCallsComeAsMessages() throws IOException {
    UnixSocket[] pair = UnixSocket.pair();
    try (UnixSocket theirs = pair[1];
        RawFrontEnd backend = RawFrontEnd.on(pair[0])) {
      front.protocol(INBAND).share().place();
      front.wire().send(SET_BACKEND_REQ_FD, NONE, theirs.fd());
      front.enable(true);
      for (int i = 0; i < 100; i++) {
        front.offer();
        assertThat(front.wire().acknowledged(VRING_KICK, u32(0, 0))).isZero();
        ByteBuffer message = backend.message();
        assertThat(message.getInt()).isEqualTo(BACKEND_VRING_CALL);
        assertThat(message.getInt(8)).isEqualTo(8);
        assertThat(message.getLong(12)).isZero();
        front.take();
      }
    }
  }

  @Test
  void aRingThatBreaksInBandSaysSoInAMessage() throws IOException {
    UnixSocket[] pair = UnixSocket.pair();
    try (UnixSocket theirs = pair[1];
        RawFrontEnd backend = RawFrontEnd.on(pair[0])) {
      front.protocol(INBAND).ready().echo();
      front.wire().send(SET_BACKEND_REQ_FD, NONE, theirs.fd());
      front.settle();
      breakRing();
      ByteBuffer message = backend.message();
      assertThat(message.getInt()).isEqualTo(BACKEND_VRING_ERR);
      assertThat(message.getLong(12)).isZero();
    }
  }

  // Acknowledgements.

  @Test
  void whatHasNoReplyIsAcknowledgedOnceItIsDone() {
    front.protocol(P_REPLY_ACK);
    assertThat(front.wire().acknowledged(SET_FEATURES, u64(ORDINARY))).isZero();
    byte[] table = join(u32(1, 0), region(GPA, MEMORY, UVA, 0));
    assertThat(front.wire().acknowledged(SET_MEM_TABLE, table, front.memory().fd())).isZero();
    assertThat(front.wire().acknowledged(SET_VRING_NUM, u32(0, SIZE))).isZero();
  }

  @Test
  void aReplyIsNotFollowedByAnAcknowledgement() throws IOException {
    front.protocol(P_REPLY_ACK | P_LOG_SHMFD);
    front.wire().send(GET_FEATURES, RawFrontEnd.NEED_REPLY, NONE);
    front.wire().send(SET_LOG_BASE, RawFrontEnd.NEED_REPLY, u64(4096, 0), front.memory().fd());
    front.wire().send(GET_VRING_BASE, RawFrontEnd.NEED_REPLY, u32(1, 0));
    assertThat(front.wire().reply(GET_FEATURES).remaining()).isEqualTo(8);
    assertThat(front.wire().reply(SET_LOG_BASE).remaining()).isEqualTo(8);
    assertThat(front.wire().reply(GET_VRING_BASE).remaining()).isEqualTo(8);
    front.settle();
  }

  @Test
  void nothingIsAcknowledgedThatWasNotAgreedToBe() {
    front.wire().send(SET_OWNER, RawFrontEnd.NEED_REPLY, NONE);
    front.settle();
  }

  // Memory slots.

  @Test
  void thereAreAsManyMemorySlotsAsPromised() {
    front.protocol(P_MEM_SLOTS | P_REPLY_ACK);
    int slots = (int) front.wire().ask(GET_MAX_MEM_SLOTS, NONE).getLong();
    assertThat(slots).isEqualTo(509);
    for (int i = 0; i < slots; i++) {
      byte[] slot = join(u64(0), region(GPA + i * MEMORY, MEMORY, UVA + i * MEMORY, 0));
      assertThat(front.wire().acknowledged(ADD_MEM_REG, slot, front.memory().fd())).isZero();
    }
    byte[] more = join(u64(0), region(GPA - MEMORY, MEMORY, UVA - MEMORY, 0));
    front.wire().send(ADD_MEM_REG, more, front.memory().fd());
    assertThat(front.wire().isClosed()).isTrue();
  }

  @Test
  void ringsAndBuffersMayBeInAnyOfTheSlots() {
    front.protocol(P_MEM_SLOTS | P_REPLY_ACK);
    for (int i = 1; i < 500; i += 100) {
      byte[] slot = join(u64(0), region(GPA + i * MEMORY, MEMORY, UVA + i * MEMORY, 0));
      front.wire().send(ADD_MEM_REG, slot, front.memory().fd());
    }
    front.wire().send(SET_FEATURES, u64(ORDINARY));
    front.move(GPA + 401 * MEMORY, UVA + 101 * MEMORY);
    front.place().notify(front.kick().fd(), front.call().fd()).enable(true).echo(3);
  }
}
