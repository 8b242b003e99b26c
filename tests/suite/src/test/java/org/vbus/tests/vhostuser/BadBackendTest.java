package org.vbus.tests.vhostuser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.vhostuser.FakeBackend.OF_REPLY;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.connector.vhostuser.Frontend;
import org.vbus.connector.vhostuser.VhostUserGuest;
import org.vbus.linux.UnixSocket;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.guest.DriverException;
import org.vbus.tests.vhostuser.FakeBackend.Answer;
import org.vbus.tests.vhostuser.FakeBackend.Close;
import org.vbus.tests.vhostuser.FakeBackend.Reply;

/// Everything a back-end can do wrong at each request of a driver's start, each of which is one
/// line and takes no longer than the limit.
class BadBackendTest {
  private static final Duration LIMIT = Duration.ofMillis(200);

  /// Requests that a back-end with MQ, REPLY_ACK and CONFIG answers until a network driver runs.
  private static final List<String> ANSWERED =
      List.of(
          "1 GET_FEATURES",
          "15 GET_PROTOCOL_FEATURES",
          "17 GET_QUEUE_NUM",
          "3 SET_OWNER",
          "2 SET_FEATURES",
          "24 GET_CONFIG",
          "5 SET_MEM_TABLE",
          "8 SET_VRING_NUM",
          "10 SET_VRING_BASE",
          "9 SET_VRING_ADDR",
          "14 SET_VRING_ERR",
          "13 SET_VRING_CALL",
          "12 SET_VRING_KICK",
          "18 SET_VRING_ENABLE");

  @TempDir private Path dir;

  /// One way to misbehave.
  ///
  /// @param message what the front-end says, all of it
  record Row(String name, Answer answer, String message) {
    @Override
    public String toString() {
      return name;
    }
  }

  private interface Misdeed {
    Reply at(int request) throws Close;
  }

  private static void add(List<Row> to, int request, String what, Misdeed deed, String message) {
    to.add(
        new Row(what + " at " + request, got -> got == request ? deed.at(request) : null, message));
  }

  static List<Row> rows() {
    List<Row> rows = new ArrayList<>();
    for (String each : ANSWERED) {
      int id = Integer.parseInt(each.split(" ", -1)[0]);
      String name = each.split(" ", -1)[1];
      add(rows, id, "silence", request -> Reply.SILENCE, "no answer to " + name + " within 200 ms");
      add(
          rows,
          id,
          "end",
          request -> {
            throw new Close();
          },
          "connection closed by the back-end after " + name);
      add(
          rows,
          id,
          "another request's reply",
          request -> new Reply(99, OF_REPLY, 8, 0),
          name + " answered with request 99");
      add(
          rows,
          id,
          "no reply flag",
          request -> new Reply(request, 1, 8, 0),
          name + " answered with what is no reply");
      add(
          rows,
          id,
          "another version",
          request -> new Reply(request, OF_REPLY + 1, 8, 0),
          "a message of protocol version 2, not 1");
      add(
          rows,
          id,
          "huge reply",
          request -> new Reply(request, OF_REPLY, -1, 0),
          "a message of 4294967295 bytes (request " + id + ")");
      add(
          rows,
          id,
          "half a reply",
          request -> new Reply(request, OF_REPLY, 100, 0),
          "no answer to " + name + " within 200 ms");
      add(
          rows,
          id,
          "short reply",
          request -> new Reply(request, OF_REPLY, 4, 0),
          id == FakeBackend.GET_CONFIG
              ? "the back-end has no configuration of 8 bytes"
              : name + " answered with 4 bytes");
      if (id != FakeBackend.GET_CONFIG && id < 15) {
        add(
            rows,
            id,
            "failure",
            request -> new Reply(request, OF_REPLY, 8, 1),
            switch (id) {
              case FakeBackend.GET_FEATURES -> "offers no VERSION_1";
              case FakeBackend.SET_FEATURES -> "refused features 0x100018000";
              default -> "the back-end answers that " + name + " failed";
            });
      }
    }
    return rows;
  }

  @ParameterizedTest
  @MethodSource("rows")
  void aMistakeIsOneLine(Row row) throws Exception {
    Path socket = dir.resolve("bad");
    try (FakeBackend _ = new FakeBackend(socket, row.answer)) {
      assertThat(drive(socket)).isEqualTo(row.message);
    }
  }

  @Test
  void aGoodBackEndIsDriven() throws Exception {
    Path socket = dir.resolve("good");
    try (FakeBackend backend = new FakeBackend(socket, request -> null)) {
      assertThat(drive(socket)).isEqualTo("driven");
      assertThat(backend.requests()).startsWith(1, 15, 16, 17, 3, 2, 24, 5).endsWith(11, 11);
    }
  }

  /// Whatever it does when it is told to stop, the driver lets go of it.
  @ParameterizedTest
  @MethodSource("ends")
  void aRingThatDoesNotStopHoldsNobodyUp(Row row) throws Exception {
    Path socket = dir.resolve("stubborn");
    try (FakeBackend _ = new FakeBackend(socket, row.answer)) {
      assertThat(drive(socket)).isEqualTo("driven");
    }
  }

  static List<Row> ends() {
    List<Row> rows = new ArrayList<>();
    int id = FakeBackend.GET_VRING_BASE;
    add(rows, id, "silence", request -> Reply.SILENCE, "");
    add(rows, id, "another ring's reply", request -> new Reply(request, OF_REPLY, 8, 7), "");
    add(rows, id, "short reply", request -> new Reply(request, OF_REPLY, 4, 0), "");
    add(
        rows,
        id,
        "end",
        request -> {
          throw new Close();
        },
        "");
    return rows;
  }

  /// Starts and stops a network driver; the message of what went wrong, without the device's name.
  private static String drive(Path socket) throws IOException {
    try (VhostUserGuest machine = new VhostUserGuest(8 << 20);
        Frontend frontend = Frontend.connect(socket, LIMIT)) {
      new NetDriver(
              machine.guest(),
              machine.device(frontend, NetDriver.DEVICE_ID, "net", 64),
              NetDriver.UNDERSTOOD,
              64)
          .remove();
      return "driven";
    } catch (IOException | DriverException e) {
      return String.valueOf(e.getMessage()).replaceFirst("^net:? ", "");
    }
  }

  @Test
  void whereNobodyListensIsSaidSo() throws IOException {
    assertThat(drive(dir.resolve("nothing"))).isEqualTo("nobody listens, there is no such file");
    Path left = dir.resolve("left");
    UnixSocket.listen(left).close();
    assertThat(drive(left)).isEqualTo("nobody listens");
    assertThat(drive(Files.createFile(dir.resolve("file")))).isEqualTo("nobody listens");
  }

  @Test
  void aBackEndThatNeverComesIsWaitedForNoLongerThanTheLimit() {
    Path socket = dir.resolve("server");
    try {
      Frontend.listen(socket, LIMIT).close();
    } catch (IOException e) {
      assertThat(e).hasMessage("no back-end connected within 200 ms");
    }
    assertThat(socket).doesNotExist();
  }
}
