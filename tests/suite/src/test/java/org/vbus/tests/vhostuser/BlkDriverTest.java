package org.vbus.tests.vhostuser;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.connector.vhostuser.Frontend;
import org.vbus.connector.vhostuser.VhostUserGuest;
import org.vbus.core.ring.Chain;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.VhostUserHost;
import org.vbus.proxy.driver.BlkDriver;
import org.vbus.tests.conformance.Clause;

/// The block driver over vhost-user, against a disk whose every byte tells where it is.
class BlkDriverTest {
  private static final long LIMIT = 20_000_000_000L;
  private static final int CAPACITY = 1000;

  @TempDir private Path dir;

  /// A read-only disk with blocks of 4 KiB, which ends requests as it is told.
  ///
  /// @param less bytes by which the length it reports falls short
  private static ProbeDevice disk(int status, int less) {
    ProbeDevice disk = new ProbeDevice(BlkDriver.DEVICE_ID, 1, 64, 1L << 5 | 1L << 6, 60);
    disk.config().set(0, 8, CAPACITY);
    disk.config().set(20, 4, 4096);
    disk.behave((queue, chain, budget) -> {
      int done = 0;
      while (done < budget && queue.peek(chain)) {
        answer(chain, status);
        queue.complete(chain, Math.max(chain.writable() - less, 0));
        done++;
      }
      return done;
    });
    return disk;
  }

  private static void answer(Chain chain, int status) {
    int bytes = chain.writable() - 1;
    boolean name = chain.readInt(0) == 8;
    for (int i = 0; i < bytes; i++) {
      int value = name ? (i < 4 ? "vbus".charAt(i) : 0) : at(chain.readLong(8), i);
      chain.writeByte(i, value);
    }
    chain.writeByte(bytes, status);
  }

  private static int at(long sector, int i) {
    return (int) (sector + i / BlkDriver.SECTOR) * 7 + i % 251 & 0xff;
  }

  private interface Body {
    void run(VhostUserGuest machine, BlkDriver disk);
  }

  private void withDisk(ProbeDevice model, Body body) throws IOException {
    try (VhostUserHost host = new VhostUserHost(dir, Map.of("disk", model));
        VhostUserGuest machine = new VhostUserGuest(8 << 20);
        Frontend frontend = Frontend.connect(host.socket("disk"), Frontend.LIMIT)) {
      BlkDriver disk =
          new BlkDriver(
              machine.guest(), machine.device(frontend, BlkDriver.DEVICE_ID, "disk", 64), 64, 4096);
      body.run(machine, disk);
      disk.remove();
      assertThat(machine.guest().heap().inUse()).isZero();
    }
  }

  @Test
  void aDiskIsIdentifiedAndRead() throws IOException {
    withDisk(
        disk(BlkDriver.OK, 0),
        (machine, disk) -> {
          assertThat(disk.capacity()).isEqualTo(CAPACITY);
          assertThat(disk.blockSize()).isEqualTo(4096);
          assertThat(disk.readOnly()).isTrue();
          String[] id = new String[1];
          assertThat(disk.identify((status, memory, off, len) -> id[0] = memory.getString(off)))
              .isTrue();
          assertThat(machine.guest().run(() -> id[0] != null, LIMIT)).isTrue();
          assertThat(id[0]).isEqualTo("vbus");

          // More than the queue holds, of all lengths.
          int[] good = new int[1];
          for (int i = 0; i < 500; i++) {
            long sector = i;
            int bytes = BlkDriver.SECTOR * (1 + i % 8);
            while (!disk.read(
                sector,
                bytes,
                (status, memory, off, len) ->
                    good[0] += isRight(sector, status, memory, off, len))) {
              boolean _ = machine.guest().run(() -> disk.free() > 0, LIMIT);
            }
          }
          assertThat(machine.guest().run(() -> good[0] == 500, LIMIT)).isTrue();
        });
  }

  private static int isRight(long sector, int status, MemorySegment memory, long off, int len) {
    for (int i = 0; i < len; i++) {
      if ((memory.get(ValueLayout.JAVA_BYTE, off + i) & 0xff) != at(sector, i)) {
        return 0;
      }
    }
    return status == BlkDriver.OK ? 1 : 0;
  }

  @ParameterizedTest
  @CsvSource({
    "0, 0, 0",
    "1, 0, 1",
    "2, 0, 2",
    "77, 0, 77",
    "0, 1, 255",
    "0, 512, 255",
    "0, 600, 255"
  })
  @Clause("2.7.8.3-R1")
  void aStatusThatWasNotWrittenIsNone(int status, int less, int expected) throws IOException {
    withDisk(
        disk(status, less),
        (machine, disk) -> {
          int[] got = {-1};
          assertThat(disk.read(3, 512, (with, memory, off, len) -> got[0] = with)).isTrue();
          assertThat(machine.guest().run(() -> got[0] >= 0, LIMIT)).isTrue();
          assertThat(got[0]).isEqualTo(expected);
        });
  }

  @ParameterizedTest
  @CsvSource({"0", "100", "513", "4608", "-512"})
  void aReadOfHalfASectorOrTooManyIsRefused(int bytes) throws IOException {
    withDisk(
        disk(BlkDriver.OK, 0),
        (machine, disk) ->
            assertThatIllegalArgumentException()
                .isThrownBy(() -> disk.read(0, bytes, (status, memory, off, len) -> {})));
  }
}
