package org.vbus.tests.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;
import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.fixture.vhostuser.EchoFrontEnd.*;
import static org.vbus.fixture.vhostuser.Message.*;
import static org.vbus.fixture.vhostuser.RawFrontEnd.join;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u64;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.ConcurrentLinkedQueue;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.vhostuser.EchoFrontEnd;
import org.vbus.fixture.vhostuser.EchoHost;
import org.vbus.fixture.vhostuser.RawFrontEnd;
import org.vbus.linux.Fd;
import org.vbus.linux.SharedMemory;

/// Requests that a back-end has taken and not answered when it ends are answered by the next one,
/// from the account that the front-end kept for it.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class RestartTest {
  private static final long ORDINARY = VERSION_1 | PROTOCOL;

  @TempDir private Path dir;

  /// Keeps what it gets, and answers what it is told to.
  private static final class Keeper {
    private final ProbeDevice device = new ProbeDevice(1);
    private final List<Chain> held = new ArrayList<>();
    private final ConcurrentLinkedQueue<Integer> wanted = new ConcurrentLinkedQueue<>();
    private volatile int count;

    Keeper() {
      device.behave((queue, chain, budget) -> poll(queue));
      device.onStart(() -> {
        held.clear();
        count = 0;
      });
    }

    private int poll(VirtQueue queue) {
      int work = 0;
      for (Chain chain = new Chain(); queue.peek(chain); chain = new Chain()) {
        queue.hold(chain);
        held.add(chain);
        count = held.size();
        work++;
      }
      for (Integer i; (i = wanted.poll()) != null; work++) {
        Chain chain = held.remove((int) i);
        int n = chain.write(0, chain.segment(0), chain.offset(0), chain.length(0));
        queue.complete(chain, n);
        count = held.size();
      }
      return work;
    }

    void answer(int i) {
      wanted.add(i);
      device.context().wake(0);
    }

    void awaitHeld(int n) {
      while (count != n) {
        Thread.onSpinWait();
      }
    }
  }

  private static byte[] description(long size, int queues, int entries) {
    ByteBuffer bytes = ByteBuffer.allocate(24).order(ByteOrder.LITTLE_ENDIAN);
    bytes.putLong(size).putLong(0).putShort((short) queues).putShort((short) entries);
    return bytes.array();
  }

  /// An account of what is in flight, as the back-end made it.
  private static Account account(RawFrontEnd wire) {
    ByteBuffer reply = wire.ask(GET_INFLIGHT_FD, description(0, 1, SIZE));
    assertThat(reply.remaining()).isEqualTo(24);
    long size = reply.getLong();
    assertThat(reply.getLong()).isZero();
    assertThat(reply.getShort()).isEqualTo((short) 1);
    assertThat(reply.getShort()).isEqualTo((short) SIZE);
    assertThat(wire.received()).hasSize(1);
    return new Account(wire.received().removeFirst(), size);
  }

  private record Account(Fd fd, long size) implements AutoCloseable {
    void give(RawFrontEnd wire) {
      wire.send(SET_INFLIGHT_FD, description(size, 1, SIZE), fd);
    }

    @Override
    public void close() {
      fd.close();
    }
  }

  private static EchoFrontEnd connect(EchoHost host, long features) {
    EchoFrontEnd front = new EchoFrontEnd(host.socket(0), features);
    front.protocol(P_INFLIGHT_SHMFD | P_REPLY_ACK | P_RESET_DEVICE);
    front.wire().send(SET_FEATURES, u64(features));
    return front;
  }

  private static void again(EchoFrontEnd front, EchoHost host, Account account) {
    front.reconnect(RawFrontEnd.to(host.socket(0))).protocol(P_INFLIGHT_SHMFD);
    account.give(front.wire());
    front.share().place().notify(front.kick().fd(), front.call().fd()).enable(true);
  }

  @ParameterizedTest
  @ValueSource(
      longs = {ORDINARY, ORDINARY | EVENT_IDX, ORDINARY | PACKED, ORDINARY | PACKED | EVENT_IDX})
  void whatOneBackEndTookAnotherAnswers(long features) {
    Keeper keeper = new Keeper();
    EchoFrontEnd front;
    Account account;
    try (EchoHost host = new EchoHost(dir, keeper.device)) {
      front = connect(host, features);
      account = account(front.wire());
      account.give(front.wire());
      front.ready().offer(10);
      keeper.awaitHeld(10);
      keeper.answer(7);
      keeper.answer(2);
      front.take(2);
    }
    try (front;
        account) {
      Keeper second = new Keeper();
      try (EchoHost host = new EchoHost(dir, second.device)) {
        again(front, host, account);
        second.awaitHeld(8);
        second.answer(3);
        front.take().offer(2);
        second.awaitHeld(9);
      }
      try (EchoHost host = new EchoHost(dir, new ProbeDevice(1))) {
        again(front, host, account);
        front.take(9).echo(200);
        assertThat(front.answered()).isFalse();
      }
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {ORDINARY, ORDINARY | PACKED})
  void whatADeviceHoldsIsNotLostWhenMemoryOrRingsChange(long features) {
    Keeper keeper = new Keeper();
    try (EchoHost host = new EchoHost(dir, keeper.device);
        EchoFrontEnd front = connect(host, features);
        Account account = account(front.wire())) {
      account.give(front.wire());
      front.ready().offer(10);
      keeper.awaitHeld(10);
      for (int i = 0; i < 8; i++) {
        if (i % 2 == 0) {
          front.table(MEMORY).settle();
        } else {
          front.enable(false).enable(true).settle();
        }
        keeper.awaitHeld(10 - i);
        keeper.answer(0);
        front.take();
      }
      int base = front.stop();
      front.base(base).kicks(front.kick().fd()).settle();
      keeper.awaitHeld(2);
      keeper.answer(1);
      keeper.answer(0);
      front.take(2);
    }
  }

  @ParameterizedTest
  @ValueSource(longs = {ORDINARY, ORDINARY | PACKED})
  void nothingIsInFlightInADeviceThatWasReset(long features) {
    Keeper keeper = new Keeper();
    try (EchoHost host = new EchoHost(dir, keeper.device);
        EchoFrontEnd front = connect(host, features);
        Account account = account(front.wire())) {
      account.give(front.wire());
      front.ready().offer(5);
      keeper.awaitHeld(5);
      front.wire().send(RESET_DEVICE, new byte[0]);
      front.settle().forget().place();
      front.notify(front.kick().fd(), front.call().fd()).enable(true).offer(3);
      keeper.awaitHeld(3);
      keeper.answer(0);
      front.take();
    }
  }

  @Test
  void theAccountIsAsLargeAsItsLayoutsNeed() {
    try (EchoHost host = new EchoHost(dir, new ProbeDevice(1))) {
      try (EchoFrontEnd front = connect(host, ORDINARY);
          Account account = account(front.wire())) {
        assertThat(account.size).isEqualTo(16 + 16 * SIZE + 48);
      }
      try (EchoFrontEnd front = connect(host, ORDINARY | PACKED);
          Account account = account(front.wire())) {
        assertThat(account.size).isEqualTo(32 + 32 * SIZE + 32);
      }
    }
  }

  /// A region that says version 1 and otherwise noise: a conversation may end, no more.
  @ParameterizedTest
  @ValueSource(longs = {ORDINARY, ORDINARY | PACKED})
  void anAccountOfNonsenseHarmsNobodyElse(long features) throws IOException {
    Random random = new Random(3);
    try (EchoHost host = new EchoHost(dir, new ProbeDevice(1), new ProbeDevice(1));
        EchoFrontEnd neighbour = new EchoFrontEnd(host.socket(1)).ready();
        SharedMemory bytes = SharedMemory.create("account", 4096)) {
      for (int i = 0; i < 100; i++) {
        for (int at = 0; at < 4096; at++) {
          bytes.segment().set(JAVA_BYTE, at, (byte) random.nextInt(i % 3 == 0 ? 2 : 256));
        }
        bytes.segment().set(JAVA_SHORT, 8, (short) 1);
        bytes.segment().set(JAVA_SHORT, 10, (short) SIZE);
        try (EchoFrontEnd front = connect(host, features)) {
          byte[] where = join(u64(4096, 0), new byte[] {1, 0, SIZE, 0});
          front.wire().send(SET_INFLIGHT_FD, where, bytes.fd());
          front.ready().offer(5);
          front.wire().send(GET_FEATURES, new byte[0]);
        }
        neighbour.echo();
      }
      try (EchoFrontEnd front = new EchoFrontEnd(host.socket(0), features)) {
        front.ready().echo(10);
      }
    }
  }
}
