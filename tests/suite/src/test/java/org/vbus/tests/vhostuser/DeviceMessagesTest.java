package org.vbus.tests.vhostuser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.fixture.vhostuser.Message.*;
import static org.vbus.fixture.vhostuser.RawFrontEnd.join;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u32;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u64;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.device.DeviceContext;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.device.DeviceSpec;
import org.vbus.core.device.NetworkLink;
import org.vbus.core.device.QueueSpec;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.vhostuser.EchoFrontEnd;
import org.vbus.fixture.vhostuser.EchoHost;
import org.vbus.fixture.vhostuser.RawFrontEnd;
import org.vbus.linux.Fd;
import org.vbus.linux.UnixSocket;

/// What messages about the device itself do: configuration, number of queues, the state that is
/// migrated, and what a network card is asked for.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class DeviceMessagesTest {
  private static final byte[] NONE = {};

  @TempDir private Path dir;

  /// A network card of which only the link matters.
  private static final class LinkDevice implements DeviceModel, NetworkLink {
    private final List<Long> announced = new ArrayList<>();
    private int mtu = 1500;

    @Override
    public DeviceSpec spec() {
      List<QueueSpec> queues = new ArrayList<>();
      for (String name : List.of("rx0", "tx0", "rx1", "tx1", "control")) {
        queues.add(new QueueSpec(name, 64, true));
      }
      return new DeviceSpec(1, "link", queues, 0);
    }

    @Override
    public void start(DeviceContext context) {}

    @Override
    public int poll(int queue, int budget) {
      return 0;
    }

    @Override
    public void stop() {}

    @Override
    public boolean announce(long mac) {
      announced.add(mac);
      return mac != 0;
    }

    @Override
    public boolean mtu(int value) {
      if (value < 68) {
        return false;
      }
      mtu = value;
      return true;
    }
  }

  private interface Scene {
    void play(RawFrontEnd wire) throws IOException;
  }

  private void with(DeviceModel model, long protocol, Scene scene) throws IOException {
    try (EchoHost host = new EchoHost(dir, model);
        RawFrontEnd wire = RawFrontEnd.to(host.socket(0))) {
      wire.send(SET_PROTOCOL_FEATURES, u64(protocol));
      scene.play(wire);
    }
  }

  // Queues.

  @Test
  void theNumberOfQueuesIsThatOfTheDevice() throws IOException {
    with(
        new ProbeDevice(3),
        P_MQ,
        wire -> assertThat(wire.ask(GET_QUEUE_NUM, NONE).getLong()).isEqualTo(3));
  }

  @Test
  void ofANetworkCardPairsAreCounted() throws IOException {
    with(
        new LinkDevice(),
        P_MQ,
        wire -> assertThat(wire.ask(GET_QUEUE_NUM, NONE).getLong()).isEqualTo(2));
  }

  // Configuration.

  @Test
  void configurationIsReadAnywhere() throws IOException {
    ProbeDevice device = new ProbeDevice(1);
    device.config().set(0, 8, 0x1122334455667788L);
    with(
        device,
        P_CONFIG,
        wire -> {
          ByteBuffer reply = wire.ask(GET_CONFIG, join(u32(2, 4, 0), new byte[4]));
          assertThat(reply.getInt()).isEqualTo(2);
          assertThat(reply.getInt()).isEqualTo(4);
          assertThat(reply.getInt()).isZero();
          assertThat(reply.getInt()).isEqualTo(0x33445566);
        });
  }

  @Test
  void configurationBeyondItsEndReadsAsZeroes() throws IOException {
    with(
        new ProbeDevice(1),
        P_CONFIG,
        wire -> {
          ByteBuffer reply = wire.ask(GET_CONFIG, join(u32(0, 256, 0), new byte[256]));
          assertThat(reply.remaining()).isEqualTo(12 + 256);
          assertThat(reply.position(12).slice()).isEqualTo(ByteBuffer.allocate(256));
        });
  }

  @Test
  void configurationIsWrittenByteForByte() throws IOException {
    ProbeDevice device = new ProbeDevice(1);
    with(
        device,
        P_CONFIG | P_REPLY_ACK,
        wire ->
            assertThat(wire.acknowledged(SET_CONFIG, join(u32(3, 2, 0), new byte[] {5, -1})))
                .isZero());
    assertThat(device.configWrites())
        .usingRecursiveFieldByFieldElementComparator()
        .containsExactly(new long[] {3, 1, 5}, new long[] {4, 1, 255});
  }

  @Test
  void aChangeOfTheConfigurationIsToldOnTheBackendChannel() throws IOException {
    ProbeDevice device = new ProbeDevice(1);
    UnixSocket[] pair = UnixSocket.pair();
    try (EchoHost host = new EchoHost(dir, device);
        EchoFrontEnd front = new EchoFrontEnd(host.socket(0));
        UnixSocket theirs = pair[1];
        RawFrontEnd backend = RawFrontEnd.on(pair[0])) {
      front.protocol(P_CONFIG | P_BACKEND_REQ).ready().echo();
      front.wire().send(SET_BACKEND_REQ_FD, NONE, theirs.fd());
      front.settle();
      for (int i = 0; i < 3; i++) {
        device.context().configChanged();
        ByteBuffer message = backend.message();
        assertThat(message.getInt()).isEqualTo(BACKEND_CONFIG_CHANGE);
        assertThat(message.getInt()).isEqualTo(1);
        assertThat(message.getInt()).isZero();
      }
    }
  }

  @Test
  void anotherBackendChannelReplacesTheFirst() throws IOException {
    ProbeDevice device = new ProbeDevice(1);
    UnixSocket[] first = UnixSocket.pair();
    UnixSocket[] second = UnixSocket.pair();
    try (EchoHost host = new EchoHost(dir, device);
        EchoFrontEnd front = new EchoFrontEnd(host.socket(0));
        RawFrontEnd old = RawFrontEnd.on(first[0]);
        RawFrontEnd now = RawFrontEnd.on(second[0])) {
      front.protocol(P_CONFIG | P_BACKEND_REQ).ready().echo();
      try (UnixSocket a = first[1];
          UnixSocket b = second[1]) {
        front.wire().send(SET_BACKEND_REQ_FD, NONE, a.fd());
        front.wire().send(SET_BACKEND_REQ_FD, NONE, b.fd());
      }
      front.settle();
      device.context().configChanged();
      assertThat(now.message().getInt()).isEqualTo(BACKEND_CONFIG_CHANGE);
      assertThat(old.isClosed()).isTrue();
    }
  }

  // The network card.

  @Test
  void theLinkAnnouncesTheStationOfTheGuest() throws IOException {
    LinkDevice link = new LinkDevice();
    with(
        link,
        P_RARP | P_REPLY_ACK,
        wire -> {
          byte[] mac = {0x52, 0x54, 0, 0x12, 0x34, (byte) 0xab, 0, 0};
          assertThat(wire.acknowledged(SEND_RARP, mac)).isZero();
          assertThat(wire.acknowledged(SEND_RARP, new byte[8])).isEqualTo(1);
        });
    assertThat(link.announced).containsExactly(0x5254001234abL, 0L);
  }

  @Test
  void theMtuOfTheLinkIsSetOrRefused() throws IOException {
    LinkDevice link = new LinkDevice();
    with(
        link,
        P_MTU | P_REPLY_ACK,
        wire -> {
          assertThat(wire.acknowledged(NET_SET_MTU, u64(9000))).isZero();
          for (long bad : new long[] {67, 65536, -1, 1L << 32}) {
            assertThat(wire.acknowledged(NET_SET_MTU, u64(bad))).as("%d", bad).isEqualTo(1);
          }
        });
    assertThat(link.mtu).isEqualTo(9000);
  }

  @Test
  void whatIsNoNetworkCardRefusesItsMessages() throws IOException {
    with(
        new ProbeDevice(1),
        P_RARP | P_MTU | P_REPLY_ACK,
        wire -> {
          assertThat(wire.acknowledged(NET_SET_MTU, u64(1500))).isEqualTo(1);
          assertThat(wire.acknowledged(SEND_RARP, u64(1))).isEqualTo(1);
        });
  }

  // State.

  private static final int SAVE = 0;
  private static final int LOAD = 1;

  private byte[] saved(DeviceModel model) throws IOException {
    byte[][] state = new byte[1][];
    with(
        model,
        P_DEVICE_STATE,
        wire -> {
          UnixSocket[] channel = UnixSocket.pair();
          try (UnixSocket ours = channel[0]) {
            try (UnixSocket theirs = channel[1]) {
              assertThat(transfer(wire, SAVE, 0, theirs)).isEqualTo(NO_FD);
            }
            state[0] = readAll(ours);
          }
          assertThat(wire.ask(CHECK_DEVICE_STATE, NONE).getLong()).isZero();
        });
    return state[0];
  }

  private long loaded(DeviceModel model, byte[] state) throws IOException {
    long[] result = new long[1];
    with(
        model,
        P_DEVICE_STATE,
        wire -> {
          UnixSocket[] channel = UnixSocket.pair();
          try (UnixSocket ours = channel[0]) {
            try (UnixSocket theirs = channel[1]) {
              assertThat(transfer(wire, LOAD, 0, theirs)).isEqualTo(NO_FD);
            }
            try (Arena arena = Arena.ofConfined()) {
              MemorySegment bytes = arena.allocate(Math.max(1, state.length));
              MemorySegment.copy(state, 0, bytes, ValueLayout.JAVA_BYTE, 0, state.length);
              int _ = ours.fd().write(bytes, 0, state.length);
            }
          }
          result[0] = wire.ask(CHECK_DEVICE_STATE, NONE).getLong();
        });
    return result[0];
  }

  private static long transfer(RawFrontEnd wire, int direction, int phase, UnixSocket channel) {
    return wire.ask(SET_DEVICE_STATE_FD, u32(direction, phase), channel.fd()).getLong();
  }

  private static byte[] readAll(UnixSocket from) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(65536);
      int at = 0;
      List<Fd> fds = new ArrayList<>();
      for (int n; (n = from.receive(bytes, at, 65536 - at, fds)) != 0; ) {
        at += Math.max(n, 0);
      }
      return bytes.asSlice(0, at).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  @Test
  void aStateThatWasSavedIsLoadedByAnotherBackend() throws IOException {
    byte[] state = saved(new ProbeDevice(1));
    assertThat(state).isNotEmpty();
    assertThat(loaded(new ProbeDevice(1), state)).isZero();
  }

  @Test
  void theStateOfAnotherKindOfDeviceIsRefused() throws IOException {
    assertThat(loaded(new LinkDevice(), saved(new ProbeDevice(1)))).isNotZero();
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4, 8})
  void aStateWithAWrongFieldIsRefused(int at) throws IOException {
    byte[] state = saved(new ProbeDevice(1));
    state[at] ^= 0x40;
    assertThat(loaded(new ProbeDevice(1), state)).isNotZero();
  }

  @Test
  void aStateThatIsNotWholeIsRefused() throws IOException {
    byte[] state = saved(new ProbeDevice(1));
    for (int length = 0; length < state.length; length++) {
      assertThat(loaded(new ProbeDevice(1), Arrays.copyOf(state, length))).isNotZero();
    }
    assertThat(loaded(new ProbeDevice(1), Arrays.copyOf(state, 5000))).isNotZero();
  }

  @Test
  void aStateThatNeverEndsIsRefusedWithoutWaiting() throws IOException {
    byte[] state = saved(new ProbeDevice(1));
    UnixSocket[] channel = UnixSocket.pair();
    try (UnixSocket open = channel[0];
        UnixSocket theirs = channel[1];
        Arena arena = Arena.ofConfined()) {
      MemorySegment bytes = arena.allocate(state.length);
      MemorySegment.copy(state, 0, bytes, ValueLayout.JAVA_BYTE, 0, state.length);
      assertThat(open.fd().write(bytes, 0, state.length)).isEqualTo(state.length);
      with(
          new ProbeDevice(1),
          P_DEVICE_STATE,
          wire -> {
            assertThat(transfer(wire, LOAD, 0, theirs)).isEqualTo(NO_FD);
            assertThat(wire.ask(CHECK_DEVICE_STATE, NONE).getLong()).isNotZero();
          });
    }
  }

  @Test
  void aTransferInAnotherDirectionOrPhaseIsRefused() throws IOException {
    with(
        new ProbeDevice(1),
        P_DEVICE_STATE,
        wire -> {
          UnixSocket[] channel = UnixSocket.pair();
          try (UnixSocket a = channel[0];
              UnixSocket b = channel[1]) {
            assertThat(transfer(wire, 2, 0, a)).isEqualTo(1);
            assertThat(transfer(wire, -1, 0, a)).isEqualTo(1);
            assertThat(transfer(wire, SAVE, 1, b)).isEqualTo(1);
          }
          assertThat(wire.ask(CHECK_DEVICE_STATE, NONE).getLong()).isNotZero();
        });
  }

  @Test
  void aDeviceThatRunsDoesNotGiveItsState() throws IOException {
    try (EchoHost host = new EchoHost(dir, new ProbeDevice(1));
        EchoFrontEnd front = new EchoFrontEnd(host.socket(0))) {
      front.protocol(P_DEVICE_STATE).ready().echo();
      UnixSocket[] channel = UnixSocket.pair();
      try (UnixSocket _ = channel[0];
          UnixSocket theirs = channel[1]) {
        assertThat(transfer(front.wire(), SAVE, 0, theirs)).isEqualTo(1);
        front.echo().stop();
        assertThat(transfer(front.wire(), SAVE, 0, theirs)).isEqualTo(NO_FD);
      }
    }
  }

  @Test
  void aCheckWithoutATransferFails() throws IOException {
    with(
        new ProbeDevice(1),
        P_DEVICE_STATE,
        wire -> assertThat(wire.ask(CHECK_DEVICE_STATE, NONE).getLong()).isNotZero());
  }
}
