package org.vbus.tests.conformance.ring;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.vbus.tests.fixture.RawRing.NEXT;
import static org.vbus.tests.fixture.RawRing.WRITE;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.device.Attachment;
import org.vbus.core.device.DeviceSignals;
import org.vbus.core.device.DeviceStatus;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.devices.template.TemplateDevice;
import org.vbus.tests.conformance.Clause;
import org.vbus.tests.fixture.DriverHalf;
import org.vbus.tests.fixture.GuardedMemory;
import org.vbus.tests.fixture.RawRing;

class S2_7_04_MessageFramingTest {
  private static final int REQUEST = 8;
  private static final int RESPONSE = 8;
  private static final int STATUS_OK =
      DeviceStatus.ACKNOWLEDGE
          | DeviceStatus.DRIVER
          | DeviceStatus.FEATURES_OK
          | DeviceStatus.DRIVER_OK;

  /// A request of 8 bytes cut in each of the 128 possible ways, answered into 8 bytes cut in each
  /// of the 128 ways.
  @Test
  @Clause("2.7.4.1-D1")
  void howRequestAndResponseAreCutIntoDescriptorsMeansNothing() {
    GuardedMemory memory = new GuardedMemory(1 << 16);
    RawRing ring = RawRing.place(memory.segment(0), GuardedMemory.BASE, GuardedMemory.BASE, 16);
    PollLoop loop = new PollLoop("stepped", new ParkWaiter(), Idle.BLOCK);
    VirtioDevice device = echo(memory, ring, loop);
    long[] place = new long[REQUEST + RESPONSE];
    int chains = 0;
    for (int cuts = 0; cuts < 1 << place.length; cuts++) {
      if ((cuts & 1 << (REQUEST - 1)) == 0 || (cuts & 1 << (place.length - 1)) == 0) {
        continue;
      }
      writeChain(ring, cuts, place);
      for (int i = 0; i < REQUEST; i++) {
        memory.set(place[i], cuts * 31 + i * 7);
        memory.set(place[REQUEST + i], 0);
      }
      ring.offer(0);
      assertThat(loop.doWork()).isOne();
      assertThat(ring.usedIdx()).isEqualTo(++chains);
      assertThat(ring.usedId(chains - 1)).isZero();
      assertThat(ring.usedLen(chains - 1)).isEqualTo(RESPONSE);
      for (int i = 0; i < RESPONSE; i++) {
        assertThat(memory.get(place[REQUEST + i])).isEqualTo(cuts * 31 + i * 7 & 0xff);
      }
    }
    assertThat(device.fault(0)).isNull();
    assertThat(chains).isEqualTo(128 * 128);
    device.detach();
  }

  /// Writes one descriptor per run of bytes, runs far apart; bit i of `ends` says that byte i ends
  /// one. `place` gets the address of each byte.
  private static void writeChain(RawRing ring, int ends, long[] place) {
    int d = 0;
    int start = 0;
    for (int i = 0; i < place.length; i++) {
      long run = GuardedMemory.BASE + 0x8000 + 64L * d;
      place[i] = run + i - start;
      if ((ends >> i & 1) != 0) {
        int flags = (i >= REQUEST ? WRITE : 0) | (i < place.length - 1 ? NEXT : 0);
        ring.desc(d, run, i + 1 - start, flags, d + 1);
        d++;
        start = i + 1;
      }
    }
  }

  private static VirtioDevice echo(GuardedMemory memory, RawRing ring, PollLoop loop) {
    VirtioDevice device =
        new VirtioDevice("echo", 0, new TemplateDevice(), VirtioDevice.RING_FEATURES);
    DeviceSignals deaf =
        new DeviceSignals() {
          @Override
          public boolean queue(int queue) {
            return false;
          }

          @Override
          public void config() {}
        };
    device.attach(new Attachment(memory.memory(), deaf, LoopMap.single(loop)));
    device.acceptFeatures(Feature.VERSION_1.mask());
    device.writeStatus(STATUS_OK & ~DeviceStatus.DRIVER_OK);
    device.placeQueue(0, ring.addresses());
    device.queueReady(0, true);
    device.writeStatus(STATUS_OK);
    return device;
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 4})
  @Clause("2.7.4.2-R1")
  void theDriverPutsReadableBuffersFirstAndRefusesAnyOtherOrder(int indirectEntries) {
    DriverHalf half = new DriverHalf(8, Feature.INDIRECT_DESC.mask(), indirectEntries);
    half.queue.begin();
    half.queue.out(DriverHalf.BASE, 1);
    half.queue.in(DriverHalf.BASE + 8, 1);
    assertThatIllegalStateException().isThrownBy(() -> half.queue.out(DriverHalf.BASE, 1));
    half.queue.commit(0);
    half.queue.begin();
    half.queue.out(DriverHalf.BASE, 1);
    half.queue.out(DriverHalf.BASE, 1);
    half.queue.commit(1);
    boolean _ = half.queue.publish();

    assertThat(DriverChains.flags(half.ring, 0)).isEqualTo(List.of(0, WRITE));
    assertThat(DriverChains.flags(half.ring, 1)).isEqualTo(List.of(0, 0));
  }

  @ParameterizedTest
  @ValueSource(ints = {0, 8})
  @Clause("2.7.4.2-R2")
  void theDriverUsesOneDescriptorPerBuffer(int indirectEntries) {
    DriverHalf half = new DriverHalf(8, Feature.INDIRECT_DESC.mask(), indirectEntries);
    for (int n = 1; n <= 5; n++) {
      half.queue.begin();
      for (int i = 0; i < n; i++) {
        half.queue.out(DriverHalf.BASE + i, 100);
      }
      int before = half.queue.free();
      half.queue.commit(n);
      boolean _ = half.queue.publish();
      assertThat(before - half.queue.free()).isEqualTo(indirectEntries > 0 ? 1 : n);
      int idx = half.ring.availIdx() - 1;
      assertThat(DriverChains.flags(half.ring, idx)).hasSize(n);
      half.ring.use(half.ring.availElement(idx), 0);
      assertThat(half.queue.nextUsed()).isEqualTo(n);
    }
  }
}
