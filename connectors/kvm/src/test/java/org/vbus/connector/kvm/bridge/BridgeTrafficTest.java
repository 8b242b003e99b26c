package org.vbus.connector.kvm.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vbus.core.bus.Slot;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.shm.ShmSignal;

/// A guest and its host on threads of their own.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class BridgeTrafficTest {
  private static final int ROUNDS = 200;

  @Test
  void noSignalIsLostThoughTheGuestLooksOnlyWhenInterrupted() throws InterruptedException {
    try (PollLoop loop = new PollLoop("host", new ParkWaiter(), Idle.BLOCK);
        North north = new North(LoopMap.single(loop))) {
      north.bus.plug("eth0", new EchoModel());
      loop.start();
      north.ready(2);
      north.drain();
      NorthDevice device = new NorthDevice(north, 0).start();
      for (int i = 0; i < 2000; i++) {
        int before = north.interrupts.get();
        device.request(i % 16, i);
        while (north.interrupts.get() == before) {
          Thread.onSpinWait();
        }
        assertThat(north.drain()).contains("signal " + NorthDevice.COOKIE);
        assertThat(device.wakeup()).containsExactly((long) i);
      }
    }
  }

  @Test
  void aDeviceThatIsClosedResetOrUnpluggedWhileItSignalsTouchesMemoryNoMore() throws Exception {
    try (PollLoop loop = new PollLoop("host", new ParkWaiter(), Idle.BUSY);
        North north = new North(LoopMap.single(loop))) {
      loop.start();
      EchoModel model = new EchoModel();
      Slot slot = north.bus.plug("eth0", model);
      north.ready(4);
      AtomicBoolean end = new AtomicBoolean();
      CompletableFuture<Void> changes =
          CompletableFuture.runAsync(() -> {
            for (int i = 0; !end.get(); i++) {
              model.change(i);
            }
          });
      int id = 0;
      for (int round = 0; round < ROUNDS; round++) {
        NorthDevice device = new NorthDevice(north, id).start();
        long config = north.heap.allocate(64, 64);
        ShmSignal.format(north.memory, config);
        assertThat(north.share(id, 0xffff, 16, 0, 99, North.BASE + config)).isNotNegative();
        north.memory.set(ValueLayout.JAVA_BYTE, config + 8, (byte) 1);
        for (int i = 0; i < 8; i++) {
          device.request(i, i);
        }
        switch (round % 3) {
          case 0 -> assertThat(north.close(id)).isZero();
          case 1 -> {
            assertThat(north.status(id, 0)).isZero();
            assertThat(north.close(id)).isZero();
          }
          default -> {
            north.bus.unplug(slot);
            slot = north.bus.plug("eth0", model);
            id += 0x10000;
          }
        }
        byte[] rings = north.memory.asSlice(device.region, 528).toArray(ValueLayout.JAVA_BYTE);
        long signal = north.memory.get(ValueLayout.JAVA_LONG, config + 8);
        for (int i = 0; i < 1000; i++) {
          Thread.onSpinWait();
        }
        assertThat(north.memory.asSlice(device.region, 528).toArray(ValueLayout.JAVA_BYTE))
            .isEqualTo(rings);
        assertThat(north.memory.get(ValueLayout.JAVA_LONG, config + 8)).isEqualTo(signal);
        assertThat(north.drain())
            .contains("closed " + (NorthDevice.COOKIE + device.handle), "closed 99");
        north.heap.release(config, 64);
        device.release();
      }
      end.set(true);
      changes.get();
    }
  }
}
