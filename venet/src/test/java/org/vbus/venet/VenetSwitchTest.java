package org.vbus.venet;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.Test;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.SwitchPort;
import org.vbus.venet.l2.TestFrames;

class VenetSwitchTest {
  private static final long MAC = 0x5254_0000_0001L;

  private final VenetSwitch lan = new VenetSwitch(new L2Switch("lan"));

  @Test
  void noTwoDevicesHaveOneAddress() {
    VenetDevice first = new VenetDevice("vm1.eth0", lan, MAC, 1500, 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VenetDevice("vm2.eth0", lan, MAC, 1500, 0))
        .withMessage("52:54:00:00:00:01 is the address of vm1.eth0 on the same switch already");
    assertThat(lan.l2().ports()).hasSize(1);
    first.close();
    assertThat(lan.l2().ports()).isEmpty();
    new VenetDevice("vm2.eth0", lan, MAC, 1500, 0).close();
  }

  @Test
  void aDeviceThatFindsItsNameTakenGivesTheAddressBack() {
    VenetDevice first = new VenetDevice("vm1.eth0", lan, MAC, 1500, 0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new VenetDevice("vm1.eth0", lan, MAC + 1, 1500, 0))
        .withMessageContaining("vm1.eth0");
    first.close();
    new VenetDevice("vm3.eth0", lan, MAC + 1, 1500, 0).close();
  }

  @Test
  void twoSwitchesAreTwoNetworks() {
    VenetSwitch other = new VenetSwitch(new L2Switch("other"));
    new VenetDevice("vm1.eth0", lan, MAC, 1500, 0).close();
    new VenetDevice("vm1.eth0", other, MAC, 1500, 0).close();
  }

  /// A frame that is just being delivered to a port is finished before detaching it returns.
  @Test
  void detachingWaitsForTheLoopsThatForward() throws Exception {
    PollLoop loop = new PollLoop("forwarding", new ParkWaiter(), Idle.BLOCK);
    loop.start();
    lan.usedBy(loop);
    CountDownLatch delivering = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    AtomicBoolean delivered = new AtomicBoolean();
    SwitchPort from = lan.attach("from", frame -> Delivery.LINK_DOWN, 0);
    SwitchPort to =
        lan.attach(
            "to",
            frame -> {
              delivering.countDown();
              awaitQuietly(goOn);
              delivered.set(true);
              return Delivery.DELIVERED;
            },
            0);
    Frame frame = TestFrames.frame(MAC, MAC + 1, 60);
    Thread.ofPlatform().start(() -> loop.execute(() -> lan.l2().forward(from, frame, 0)));
    assertThat(delivering.await(10, TimeUnit.SECONDS)).isTrue();
    AtomicBoolean early = new AtomicBoolean(true);
    Thread detaching =
        Thread.ofPlatform()
            .start(() -> {
              lan.detach(to);
              early.set(!delivered.get());
            });
    while (to.isAttached()) {
      Thread.onSpinWait();
    }
    goOn.countDown();
    assertThat(detaching.join(java.time.Duration.ofSeconds(10))).isTrue();
    assertThat(early).isFalse();
    loop.close();
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
