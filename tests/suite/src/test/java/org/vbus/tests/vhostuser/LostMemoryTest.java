package org.vbus.tests.vhostuser;

import static org.vbus.fixture.vhostuser.EchoFrontEnd.*;
import static org.vbus.fixture.vhostuser.Message.*;
import static org.vbus.fixture.vhostuser.RawFrontEnd.join;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u32;
import static org.vbus.fixture.vhostuser.RawFrontEnd.u64;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.vhostuser.EchoFrontEnd;
import org.vbus.fixture.vhostuser.EchoHost;
import org.vbus.fixture.vhostuser.RawFrontEnd;
import org.vbus.linux.EventFd;
import org.vbus.linux.Fd;

/// A front-end may cut its memory short at any time, which makes every access to it a bus error. It
/// costs that front-end its device; this process, its loops and the other guests go on.
@Timeout(value = 120, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class LostMemoryTest {
  private static final int LENGTH = 1 << 20;

  @TempDir private Path dir;
  private EchoHost host;
  private EchoFrontEnd neighbour;

  @BeforeEach
  void start() {
    host = new EchoHost(dir, new ProbeDevice(1), new ProbeDevice(1));
    neighbour = new EchoFrontEnd(host.socket(1)).ready().echo();
  }

  @AfterEach
  void theNeighbourGoesOnAndTheDeviceServesTheNext() {
    neighbour.echo(100).close();
    try (EchoFrontEnd next = new EchoFrontEnd(host.socket(0))) {
      next.ready().echo(100);
    }
    host.close();
  }

  /// A file as memory: a split ring of 16 entries at its beginning, one request that is always
  /// available, in the second half.
  private static final class Shrinking implements AutoCloseable {
    private static final int DESC = 0;
    private static final int AVAIL = 4096;
    private static final int USED = 8192;
    private static final int DATA = LENGTH / 2;

    private final RandomAccessFile file;
    private final Fd fd;

    Shrinking(Path path) throws IOException {
      file = new RandomAccessFile(path.toFile(), "rw");
      file.setLength(0);
      file.setLength(LENGTH);
      // The stream owns the descriptor; this is only its number.
      fd = Fd.inherited(numberOf(path));
      put(DESC, 8, GPA + DATA);
      put(DESC + 8, 8, 65536 | 1L << 32 | 1L << 48);
      put(DESC + 16, 8, GPA + DATA + 131072);
      put(DESC + 24, 8, 65536 | 2L << 32);
    }

    private static int numberOf(Path path) throws IOException {
      try (Stream<Path> all = Files.list(Path.of("/proc/self/fd"))) {
        for (Path each : all.toList()) {
          if (Files.isSymbolicLink(each) && target(each).equals(path.toRealPath().toString())) {
            return Integer.parseInt(each.getFileName().toString());
          }
        }
      }
      throw new AssertionError("no descriptor of " + path);
    }

    private static String target(Path link) {
      try {
        return Files.readSymbolicLink(link).toString();
      } catch (IOException e) {
        return "";
      }
    }

    void put(long at, int size, long value) throws IOException {
      file.seek(at);
      for (int i = 0; i < size; i++) {
        file.write((int) (value >>> (8 * i)));
      }
    }

    int usedIndex() throws IOException {
      file.seek(USED + 2);
      return file.read() | file.read() << 8;
    }

    /// Makes `count` more requests available.
    void offer(int from, int count) throws IOException {
      put(AVAIL + 2, 2, from + count);
    }

    void cut(long to) throws IOException {
      file.setLength(to);
    }

    @Override
    public void close() throws IOException {
      file.close();
    }
  }

  private void ready(RawFrontEnd wire, Shrinking memory, EventFd kick) {
    wire.send(SET_PROTOCOL_FEATURES, u64(P_REPLY_ACK));
    wire.send(SET_FEATURES, u64(VERSION_1 | PROTOCOL));
    wire.send(SET_MEM_TABLE, join(u32(1, 0), region(GPA, LENGTH, UVA, 0)), memory.fd);
    wire.send(SET_VRING_NUM, u32(0, 16));
    wire.send(SET_VRING_BASE, u32(0, 0));
    long uva = UVA;
    wire.send(
        SET_VRING_ADDR,
        join(
            u32(0, 0),
            u64(uva, uva + Shrinking.USED, uva + Shrinking.AVAIL, GPA + Shrinking.USED)));
    wire.send(SET_VRING_KICK, u64(0), kick.fd());
    wire.send(SET_VRING_CALL, u64(NO_FD));
    wire.send(SET_VRING_ENABLE, u32(0, 1));
  }

  private interface Cut {
    void cut(RawFrontEnd wire, Shrinking memory, EventFd kick) throws IOException;
  }

  private void with(Cut cut) throws IOException {
    Path path = dir.resolve("ram");
    try (Shrinking memory = new Shrinking(path);
        EventFd kick = EventFd.create();
        RawFrontEnd wire = RawFrontEnd.to(host.socket(0))) {
      ready(wire, memory, kick);
      memory.offer(0, 1);
      kick.signal();
      while (memory.usedIndex() != 1) {
        Thread.onSpinWait();
      }
      cut.cut(wire, memory, kick);
    }
  }

  private void exercise(RawFrontEnd wire, EventFd kick) {
    for (int i = 0; i < 20; i++) {
      kick.signal();
      wire.send(SET_VRING_ENABLE, u32(0, 0));
      wire.send(SET_VRING_ENABLE, u32(0, 1));
      neighbour.echo();
    }
  }

  @Test
  void allOfTheMemoryMayGo() throws IOException {
    for (int i = 0; i < 5; i++) {
      with((wire, memory, kick) -> {
        memory.cut(0);
        exercise(wire, kick);
      });
    }
  }

  @Test
  void theBuffersMayGoAndTheRingStay() throws IOException {
    for (int i = 0; i < 5; i++) {
      with((wire, memory, kick) -> {
        memory.put(Shrinking.AVAIL + 2, 2, 10);
        memory.cut(Shrinking.DATA);
        exercise(wire, kick);
      });
    }
  }

  @Test
  void theUsedRingMayGo() throws IOException {
    for (int i = 0; i < 5; i++) {
      with((wire, memory, kick) -> {
        memory.put(Shrinking.AVAIL + 2, 2, 10);
        memory.cut(Shrinking.USED);
        exercise(wire, kick);
      });
    }
  }

  /// Memory of which the rings themselves were never there when the ring starts.
  @Test
  void memoryMayGoBeforeTheRingStarts() throws IOException {
    Path path = dir.resolve("ram");
    try (Shrinking memory = new Shrinking(path);
        EventFd kick = EventFd.create();
        RawFrontEnd wire = RawFrontEnd.to(host.socket(0))) {
      wire.send(SET_FEATURES, u64(VERSION_1 | PROTOCOL));
      wire.send(SET_MEM_TABLE, join(u32(1, 0), region(GPA, LENGTH, UVA, 0)), memory.fd);
      wire.ask(GET_FEATURES, new byte[0]);
      memory.cut(0);
      wire.send(SET_VRING_NUM, u32(0, 16));
      wire.send(
          SET_VRING_ADDR,
          join(u32(0, 0), u64(UVA, UVA + Shrinking.USED, UVA + Shrinking.AVAIL, 0)));
      wire.send(SET_VRING_KICK, u64(0), kick.fd());
      wire.send(SET_VRING_ENABLE, u32(0, 1));
      exercise(wire, kick);
    }
  }

  @Test
  void theLogMayGo() throws IOException {
    Path path = dir.resolve("log");
    try (RandomAccessFile file = new RandomAccessFile(path.toFile(), "rw");
        EchoFrontEnd front = new EchoFrontEnd(host.socket(0))) {
      file.setLength(LENGTH);
      Fd fd = Fd.inherited(Shrinking.numberOf(path));
      front.protocol(P_LOG_SHMFD).ready().echo();
      front.wire().ask(SET_LOG_BASE, u64(LENGTH, 0), fd);
      front.wire().send(SET_FEATURES, u64(VERSION_1 | PROTOCOL | LOG_ALL));
      front.addresses(1).settle();
      file.setLength(0);
      front.offer(5).kick().signal();
      neighbour.echo(50);
      front.stop();
    }
  }
}
