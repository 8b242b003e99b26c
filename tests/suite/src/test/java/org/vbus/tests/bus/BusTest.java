package org.vbus.tests.bus;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.assertj.core.api.Assertions.assertThatNoException;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.Test;
import org.vbus.connector.loopback.Loopback;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.BusListener;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.Attachment;
import org.vbus.core.device.DeviceSignals;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.memory.MappedMemory;
import org.vbus.devices.template.TemplateDevice;
import org.vbus.fixture.stack.ProbeDevice;
import org.vbus.fixture.stack.SteppedHost;
import org.vbus.proxy.guest.Guest;

class BusTest {
  private final Bus bus = new Bus("vm", 3);
  private final List<String> heard = new ArrayList<>();

  private BusListener ear(String name) {
    return new BusListener() {
      @Override
      public void plugged(Slot slot) {
        heard.add(name + "+" + slot.name());
      }

      @Override
      public void unplugging(Slot slot) {
        heard.add(name + "-" + slot.name());
      }

      @Override
      public void attributeChanged(Slot slot, String attribute, String value) {
        heard.add(name + ":" + slot.name() + "." + attribute + "=" + value);
      }
    };
  }

  @Test
  void devicesTakeTheFirstFreeSlot() {
    Slot a = bus.plug("a", new TemplateDevice());
    Slot b = bus.plug("b", new TemplateDevice());
    bus.plug("c", new TemplateDevice());
    bus.unplug(b);
    Slot d = bus.plug("d", new TemplateDevice());

    assertThat(d.index()).isEqualTo(1);
    assertThat(bus.devices()).extracting(Slot::name).containsExactly("a", "d", "c");
    assertThat(bus.find("d")).isSameAs(d);
    assertThat(bus.find("b")).isNull();
    assertThat(bus.slot(0)).isSameAs(a);
    assertThat(bus.slot(-1)).isNull();
    assertThat(bus.slot(3)).isNull();
    assertThat(a.device().name()).isEqualTo("vm.a");
  }

  @Test
  void aFullBusSaysHowManySlotsItHas() {
    for (String name : List.of("a", "b", "c")) {
      bus.plug(name, new TemplateDevice());
    }
    assertThatIllegalStateException()
        .isThrownBy(() -> bus.plug("d", new TemplateDevice()))
        .withMessageContaining("vm")
        .withMessageContaining("3");
    bus.unplug(bus.devices().getLast());
    assertThat(bus.plug("d", new TemplateDevice()).index()).isEqualTo(2);
  }

  @Test
  void namesAreUniqueAmongWhatIsPlugged() {
    Slot first = bus.plug("eth0", new TemplateDevice());
    assertThatIllegalStateException()
        .isThrownBy(() -> bus.plug("eth0", new TemplateDevice()))
        .withMessageContaining("eth0");
    bus.unplug(first);
    bus.plug("eth0", new TemplateDevice());
    assertThat(bus.devices()).hasSize(1);
  }

  @Test
  void whatIsNotPluggedCannotBeUnplugged() {
    Slot slot = bus.plug("a", new TemplateDevice());
    bus.unplug(slot);
    assertThatIllegalStateException()
        .isThrownBy(() -> bus.unplug(slot))
        .withMessageContaining("a is not plugged");

    Slot other = bus.plug("a", new TemplateDevice());
    assertThatIllegalStateException().isThrownBy(() -> bus.unplug(slot));
    assertThat(bus.find("a")).isSameAs(other);
  }

  @Test
  void aBusWithoutSlotsIsRefused() {
    assertThatIllegalArgumentException().isThrownBy(() -> new Bus("none", 0));
  }

  @Test
  void listenersHearInTheOrderInWhichTheyCameAndOfWhatIsThereAlready() {
    Slot early = bus.plug("early", new ProbeDevice(1));
    BusListener first = ear("1");
    bus.listen(first);
    bus.listen(ear("2"));
    assertThat(heard).containsExactly("1+early", "2+early");
    heard.clear();

    bus.plug("late", new ProbeDevice(1));
    bus.setAttribute(early, "colour", "green");
    bus.unplug(early);
    assertThat(heard)
        .containsExactly(
            "1+late",
            "2+late",
            "1:early.colour=green",
            "2:early.colour=green",
            "1-early",
            "2-early");

    heard.clear();
    bus.unlisten(first);
    bus.plug("early", new ProbeDevice(1));
    assertThat(heard).containsExactly("2+early");
  }

  @Test
  void attributesAreCheckedByName() {
    bus.listen(ear("1"));
    Slot slot = bus.plug("probe", new ProbeDevice(1));
    Slot plain = bus.plug("plain", new TemplateDevice());
    heard.clear();

    assertThatIllegalArgumentException()
        .isThrownBy(() -> bus.setAttribute(slot, "color", "red"))
        .withMessageContainingAll("probe", "color", "colour, serial");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bus.setAttribute(slot, "serial", "1"))
        .withMessageContainingAll("serial", "read-only");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bus.setAttribute(slot, "colour", "blue"))
        .withMessageContaining("red, green");
    assertThatIllegalArgumentException()
        .isThrownBy(() -> bus.setAttribute(plain, "colour", "red"))
        .withMessageContaining("none");
    assertThat(heard).isEmpty();

    bus.setAttribute(slot, "colour", "green");
    assertThat(slot.device().attributes().getFirst().get()).isEqualTo("green");
  }

  @Test
  void theGuestSeesAttributesAsTheyAreNow() {
    try (SteppedHost host = new SteppedHost(SignalPolicy.RING)) {
      Slot slot = host.bus().plug("probe", new ProbeDevice(1));
      host.bus().plug("plain", new TemplateDevice());
      Guest guest = host.guest();

      assertThat(guest.bus().attributes(0)).containsEntry("colour", "red").hasSize(2);
      host.bus().setAttribute(slot, "colour", "green");
      assertThat(guest.bus().attributes(0)).containsEntry("colour", "green");
      assertThat(guest.bus().attributes(1)).isEmpty();
      assertThat(guest.bus().attributes(3)).isEmpty();
    }
  }

  @Test
  void aBusOffersTheRingFeaturesItWasMadeWith() {
    Bus plain = new Bus("plain", 1, Feature.EVENT_IDX.mask() | 1L << 38);
    VirtioDevice device = plain.plug("a", new TemplateDevice()).device();

    assertThat(device.offeredFeatures())
        .isEqualTo(Feature.setOf(Feature.EVENT_IDX, Feature.VERSION_1));
  }

  @Test
  void pluggingWhileAGuestComesAndGoesLeavesNoDeviceBehind() throws InterruptedException {
    Bus busy = new Bus("busy", 4);
    PollLoop loop = new PollLoop("loop", new ParkWaiter(), Idle.BLOCK);
    loop.start();
    Thread operator =
        Thread.ofPlatform()
            .start(() -> {
              for (int i = 0; i < 3_000; i++) {
                Slot slot = busy.plug("hot", new TemplateDevice());
                if (i % 2 == 0) {
                  Thread.onSpinWait();
                }
                busy.unplug(slot);
              }
            });
    try {
      while (operator.isAlive()) {
        Loopback loopback =
            new Loopback(busy, LoopMap.single(loop), SignalPolicy.RING, 1 << 16, vector -> {});
        loopback.start();
        loopback.close();
      }
    } finally {
      operator.join();
      loop.close();
    }
    Slot last = busy.plug("hot", new TemplateDevice());
    Loopback again =
        new Loopback(busy, LoopMap.single(loop), SignalPolicy.RING, 1 << 16, vector -> {});
    again.start();
    again.close();
    assertThat(last.device().running()).isFalse();
  }

  @Test
  void aGuestThatLeavesWhileADeviceIsBeingPluggedDoesNotKeepIt() throws InterruptedException {
    Bus slow = new Bus("slow", 2);
    PollLoop loop = new PollLoop("loop", new ParkWaiter(), Idle.BLOCK);
    CountDownLatch plugging = new CountDownLatch(1);
    CountDownLatch goOn = new CountDownLatch(1);
    slow.listen(
        new BusListener() {
          @Override
          public void plugged(Slot slot) {
            plugging.countDown();
            try {
              goOn.await();
            } catch (InterruptedException e) {
              throw new AssertionError(e);
            }
          }
        });
    Loopback loopback =
        new Loopback(slow, LoopMap.single(loop), SignalPolicy.RING, 1 << 16, vector -> {});
    loopback.start();
    Thread operator = Thread.ofPlatform().start(() -> slow.plug("hot", new TemplateDevice()));
    plugging.await();
    Thread leaving = Thread.ofPlatform().start(loopback::close);
    // The guest either waits for the plugging to end, or has gone before the device hears of it.
    leaving.join(50);
    goOn.countDown();
    operator.join();
    leaving.join();

    Slot slot = slow.devices().getFirst();
    assertThatNoException()
        .as("it belongs to nobody")
        .isThrownBy(() ->
            slot.device()
                .attach(
                    new Attachment(
                        new MappedMemory(List.of()), new NoSignals(), LoopMap.single(loop))));
    loop.close();
  }

  private static final class NoSignals implements DeviceSignals {
    @Override
    public boolean queue(int queue) {
      return false;
    }

    @Override
    public void config() {}
  }
}
