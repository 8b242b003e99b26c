package org.vbus.cli;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.LinkedHashMap;
import java.util.Locale;
import java.util.Map;
import java.util.function.BooleanSupplier;
import java.util.zip.CRC32;
import org.vbus.cli.ProbeReport.Kind;
import org.vbus.connector.vhostuser.Frontend;
import org.vbus.connector.vhostuser.ProtocolFeature;
import org.vbus.connector.vhostuser.VhostUserGuest;
import org.vbus.connector.vhostuser.VhostUserTransport;
import org.vbus.proxy.driver.BlkDriver;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.guest.DriverException;

/// Asks a back-end what it is and drives it for a moment, as a guest would. A disk is only read; a
/// network card sends frames from its address to its address, which no switch passes on.
final class BackendProbe {
  private static final long MEMORY = 32 << 20;

  /// Entries of each queue, and the frames that a network card has under way.
  private static final int QUEUE = 64;

  private static final int FRAMES = 256;
  private static final int FRAME = 60;

  /// Ethertype for local experiments (IEEE 802).
  private static final int EXPERIMENT = 0x88b5;

  private static final long LISTEN_NANOS = 500_000_000;
  private static final int READS = 16;
  private static final int READ = 4096;

  private final Frontend frontend;
  private final Duration limit;
  private final Kind kind;
  private final Map<String, Object> config = new LinkedHashMap<>();
  private final Map<String, Object> selfTest = new LinkedHashMap<>();
  private long used;

  /// @param kind what the back-end is, or unknown to find out
  BackendProbe(Frontend frontend, Duration limit, Kind kind) {
    this.frontend = frontend;
    this.limit = limit;
    this.kind = kind == Kind.UNKNOWN ? guess(frontend) : kind;
  }

  /// The protocol does not tell the kind, but bits do that only one kind has: BLK_SIZE of disks,
  /// unless there is a control queue too; CSUM, MRG_RXBUF and what goes by control queue of network
  /// cards.
  private static Kind guess(Frontend frontend) {
    long controlled = 0x3fL << 18;
    long offered = frontend.features();
    if ((offered & 1L << 6) != 0 && (offered & controlled) == 0) {
      return Kind.BLK;
    }
    return (offered & (1L | 1L << 15 | controlled)) != 0 ? Kind.NET : Kind.UNKNOWN;
  }

  /// A self-test that ended badly.
  private static final class Failure extends Exception {
    private static final long serialVersionUID = 1L;

    Failure(String message) {
      super(message);
    }
  }

  /// Does it all.
  ///
  /// @throws IOException when the conversation ends before there is anything to report
  ProbeReport run(Path socket) throws IOException {
    String failure = null;
    try (VhostUserGuest machine = new VhostUserGuest(MEMORY)) {
      switch (kind) {
        case NET -> net(machine);
        case BLK -> disk(machine);
        case UNKNOWN -> {}
      }
    } catch (Failure | DriverException e) {
      failure = e.getMessage();
    } catch (IllegalStateException | IndexOutOfBoundsException e) {
      failure = "the back-end misuses its queue: " + e.getMessage();
    }
    long offered = frontend.features();
    return new ProbeReport(
        socket.toString(),
        kind,
        FeatureNames.virtio(kind, offered, used),
        FeatureNames.protocol(frontend.offeredProtocolFeatures(), frontend.protocolFeatures()),
        frontend.queueNumber(),
        frontend.memorySlots(),
        config,
        selfTest,
        failure);
  }

  private boolean offers(int bit) {
    return frontend.has(ProtocolFeature.CONFIG) && (frontend.features() & 1L << bit) != 0;
  }

  private void net(VhostUserGuest machine) throws Failure {
    VhostUserTransport device = machine.device(frontend, NetDriver.DEVICE_ID, "net", QUEUE);
    readNetConfig(device);
    NetDriver net = new NetDriver(machine.guest(), device, NetDriver.UNDERSTOOD, QUEUE);
    used = net.features();
    int[] received = new int[2];
    net.onFrame((segment, off, len) -> {
      received[0]++;
      received[1] += isOurs(segment, off, len) ? 1 : 0;
    });
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment frame = frame(net.mac(), arena);
      send(machine, net, frame);
    }
    boolean _ = machine.guest().run(() -> false, LISTEN_NANOS);
    selfTest.put("receive buffers", QUEUE);
    selfTest.put("frames received", received[0]);
    selfTest.put("of them our own", received[1]);
    net.remove();
  }

  /// A driver reclaims buffers when it needs them: that so many frames more than the queue holds
  /// were sent says that so many came back.
  private void send(VhostUserGuest machine, NetDriver net, MemorySegment frame) throws Failure {
    boolean done =
        await(
            machine,
            () -> {
              while (net.sent() < FRAMES + QUEUE && net.send(frame, 0, FRAME)) {}
              net.flush();
              return net.sent() >= FRAMES + QUEUE;
            });
    long back = Math.max(net.sent() - QUEUE, 0);
    selfTest.put("frames sent", net.sent());
    selfTest.put("transmit buffers that came back", back);
    if (!done) {
      throw new Failure(
          "%d of %d transmit buffers came back within %s".formatted(back, FRAMES, text(limit)));
    }
  }

  private static MemorySegment frame(long mac, Arena arena) {
    MemorySegment frame = arena.allocate(FRAME);
    for (int i = 0; i < 6; i++) {
      byte part = (byte) (mac >>> (40 - 8 * i));
      frame.set(ValueLayout.JAVA_BYTE, i, part);
      frame.set(ValueLayout.JAVA_BYTE, 6 + i, part);
    }
    frame.set(ValueLayout.JAVA_BYTE, 12, (byte) (EXPERIMENT >>> 8));
    frame.set(ValueLayout.JAVA_BYTE, 13, (byte) EXPERIMENT);
    frame
        .asSlice(14)
        .copyFrom(MemorySegment.ofArray("vbus probe".getBytes(StandardCharsets.US_ASCII)));
    return frame;
  }

  private static boolean isOurs(MemorySegment segment, long off, int len) {
    return len >= FRAME
        && (segment.get(ValueLayout.JAVA_BYTE, off + 12) & 0xff) == EXPERIMENT >>> 8
        && (segment.get(ValueLayout.JAVA_BYTE, off + 13) & 0xff) == (EXPERIMENT & 0xff);
  }

  private void readNetConfig(VhostUserTransport device) {
    if (offers(5)) {
      StringBuilder mac = new StringBuilder();
      for (int i = 0; i < 6; i++) {
        mac.append(String.format(Locale.ROOT, i == 0 ? "%02x" : ":%02x", device.config(i, 1)));
      }
      config.put("mac", mac.toString());
    }
    field(device, 16, "status", 6, 2);
    field(device, 22, "max_virtqueue_pairs", 8, 2);
    field(device, 3, "mtu", 10, 2);
    field(device, 63, "speed", 12, 4);
    field(device, 63, "duplex", 16, 1);
  }

  private void field(VhostUserTransport device, int bit, String name, int offset, int size) {
    if (offers(bit)) {
      config.put(name, device.config(offset, size));
    }
  }

  private void disk(VhostUserGuest machine) throws Failure {
    VhostUserTransport device = machine.device(frontend, BlkDriver.DEVICE_ID, "blk", QUEUE);
    readDiskConfig(device);
    BlkDriver disk = new BlkDriver(machine.guest(), device, QUEUE, READ);
    used = disk.features();
    selfTest.put("id", identify(machine, disk));
    CRC32 checksum = new CRC32();
    int sectors = disk.largest() / BlkDriver.SECTOR;
    int bytes = 0;
    for (long sector = 0; sector < (long) READS * sectors && sector < disk.capacity(); ) {
      int n = (int) Math.min(sectors, disk.capacity() - sector) * BlkDriver.SECTOR;
      checksum.update(read(machine, disk, sector, n));
      bytes += n;
      sector += n / BlkDriver.SECTOR;
    }
    selfTest.put("bytes read", bytes);
    selfTest.put("their CRC-32", "%08x".formatted(checksum.getValue()));
    disk.remove();
  }

  private void readDiskConfig(VhostUserTransport device) {
    if (frontend.has(ProtocolFeature.CONFIG)) {
      config.put("capacity", device.config(0, 8));
    }
    field(device, 1, "size_max", 8, 4);
    field(device, 2, "seg_max", 12, 4);
    field(device, 4, "cylinders", 16, 2);
    field(device, 4, "heads", 18, 1);
    field(device, 4, "sectors", 19, 1);
    field(device, 6, "blk_size", 20, 4);
    field(device, 10, "physical_block_exp", 24, 1);
    field(device, 10, "alignment_offset", 25, 1);
    field(device, 10, "min_io_size", 26, 2);
    field(device, 10, "opt_io_size", 28, 4);
    field(device, 11, "writeback", 32, 1);
    field(device, 12, "num_queues", 34, 2);
    field(device, 13, "max_discard_sectors", 36, 4);
    field(device, 14, "max_write_zeroes_sectors", 48, 4);
  }

  /// What a request brought.
  private static final class Answer implements BlkDriver.Completion {
    private boolean done;
    private int status;
    private byte[] bytes = {};

    @Override
    public void completed(int with, MemorySegment memory, long off, int len) {
      done = true;
      status = with;
      bytes = memory.asSlice(off, len).toArray(ValueLayout.JAVA_BYTE);
    }
  }

  private String identify(VhostUserGuest machine, BlkDriver disk) throws Failure {
    Answer answer = new Answer();
    boolean _ = disk.identify(answer);
    byte[] id = wait(machine, answer, "GET_ID");
    int end = 0;
    while (end < id.length && id[end] != 0) {
      end++;
    }
    return new String(id, 0, end, StandardCharsets.US_ASCII).replaceAll("[^ -~]", "?");
  }

  private byte[] read(VhostUserGuest machine, BlkDriver disk, long sector, int bytes)
      throws Failure {
    Answer answer = new Answer();
    boolean _ = disk.read(sector, bytes, answer);
    return wait(machine, answer, "read of %d bytes at sector %d".formatted(bytes, sector));
  }

  private byte[] wait(VhostUserGuest machine, Answer answer, String what) throws Failure {
    if (!await(machine, () -> answer.done)) {
      throw new Failure("no answer to %s within %s".formatted(what, text(limit)));
    }
    if (answer.status != BlkDriver.OK) {
      throw new Failure("%s ended with status %d".formatted(what, answer.status));
    }
    return answer.bytes;
  }

  /// Runs the guest until `done`, looking again at least every millisecond.
  private boolean await(VhostUserGuest machine, BooleanSupplier done) throws Failure {
    long deadline = System.nanoTime() + limit.toNanos();
    while (!done.getAsBoolean()) {
      if (frontend.gone()) {
        throw new Failure("connection closed by the back-end while it was driven");
      }
      if (System.nanoTime() - deadline > 0) {
        return false;
      }
      boolean _ = machine.guest().run(() -> false, 1_000_000);
    }
    return true;
  }

  private static String text(Duration time) {
    return time.toMillis() % 1000 == 0 ? time.toSeconds() + " s" : time.toMillis() + " ms";
  }
}
