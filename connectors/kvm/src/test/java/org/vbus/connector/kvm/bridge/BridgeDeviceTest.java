package org.vbus.connector.kvm.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.connector.kvm.bridge.North.BASE;
import static org.vbus.connector.kvm.bridge.North.block;
import static org.vbus.connector.kvm.bridge.NorthDevice.COOKIE;

import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.bus.Slot;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Event;
import org.vbus.shm.Locality;
import org.vbus.shm.ShmSignal;

/// The life of a device as a guest sees it (vbus ABI, section 7), over a loop that is stepped.
class BridgeDeviceTest {
  private final North north = new North();
  private final EchoModel model = new EchoModel();
  private final Slot eth0 = north.bus.plug("eth0", model);

  @AfterEach
  void close() {
    north.close();
  }

  private NorthDevice started() {
    north.ready(8);
    assertThat(north.drain()).containsExactly("added 0 echo");
    north.interrupts.set(0);
    return new NorthDevice(north, 0).start();
  }

  @ParameterizedTest(name = "fast {0}")
  @ValueSource(booleans = {false, true})
  void aGuestFindsADeviceOpensItAndIsAnswered(boolean fast) {
    north.ready(8);
    if (fast) {
      north.fast();
    }
    assertThat(north.interrupts).hasValue(1);
    assertThat(north.drain()).containsExactly("added 0 echo");
    long features = Feature.setOf(Feature.VERSION_1, Feature.EVENT_IDX, Feature.INDIRECT_DESC);
    NorthDevice device = new NorthDevice(north, 0, features).start();
    List<Long> answers = new ArrayList<>();
    for (int i = 0; i < 1000; i++) {
      device.request(i % 16, i);
      north.step();
      assertThat(north.interrupts).hasValue(i + 2);
      assertThat(north.drain()).containsExactly("signal " + COOKIE);
      answers.addAll(device.wakeup());
      assertThat(device.queue.enableSignals()).isFalse();
    }
    assertThat(answers).hasSize(1000).first().isEqualTo(0L);
    assertThat(answers).last().isEqualTo(999L);
    assertThat(answers).isSorted();
  }

  @Test
  void aGuestLearnsWhatADeviceIs() {
    NorthDevice device = started();
    ByteBuffer id = device.function(0, block(16).putInt(12, -1));
    assertThat(id.getInt(0)).isEqualTo(EchoModel.ID);
    assertThat(id.getInt(4)).isEqualTo(2);
    assertThat(id.getInt(8)).isEqualTo(12);
    assertThat(id.getInt(12)).isZero();
    assertThat(north.function(0, 7, block(4).putInt(0, 0))).isEqualTo(64);
    assertThat(north.function(0, 7, block(4).putInt(0, 1))).isEqualTo(8);
    assertThat(north.function(0, 3, 0, 0)).isEqualTo(15);
  }

  @Test
  void aGuestReadsAndWritesConfigurationFields() {
    NorthDevice device = started();
    int generation = north.function(0, 8, 0, 0);
    assertThat(device.function(5, block(16).putInt(4, 8)).getLong(8))
        .isEqualTo(0x1122334455667788L);
    assertThat(device.function(5, block(16).putInt(0, 1).putInt(4, 1)).getLong(8)).isEqualTo(0x77);
    device.function(6, block(16).putInt(0, 8).putInt(4, 4).putLong(8, 0xffff_ffff_0000_0005L));
    assertThat(device.function(5, block(16).putInt(0, 8).putInt(4, 4)).getLong(8)).isEqualTo(5);
    assertThat(north.function(0, 8, 0, 0)).isGreaterThan(generation);
  }

  @Test
  void whileItsEventIsInTheQueueARegionSendsNoOther() {
    NorthDevice device = started();
    for (int i = 0; i < 8; i++) {
      device.request(i, i);
      north.step();
    }
    assertThat(north.interrupts).hasValue(1);
    assertThat(north.drain()).containsExactly("signal " + COOKIE);
    assertThat(device.wakeup()).hasSize(8);
    assertThat(eth0.device().tally(0).get(Event.SIGNALS)).isEqualTo(8);
    assertThat(eth0.device().tally(0).get(Event.SIGNALS_COALESCED)).isEqualTo(7);
  }

  @Test
  void aMaskedRegionIsMarkedAndNotSignalled() {
    NorthDevice device = started();
    device.signal.disable();
    device.request(0, 5);
    north.step();
    assertThat(north.interrupts).hasValue(0);
    assertThat(north.drain()).isEmpty();
    assertThat(device.signal.enable()).as("look again").isTrue();
    assertThat(device.wakeup()).containsExactly(5L);
    device.request(0, 6);
    north.step();
    assertThat(north.drain()).containsExactly("signal " + COOKIE);
  }

  @Test
  void aGuestThatIsLookingAtTheQueueIsNotInterrupted() {
    NorthDevice device = started();
    north.events().mask();
    device.request(0, 5);
    north.step();
    assertThat(north.interrupts).hasValue(0);
    assertThat(north.drain()).containsExactly("signal " + COOKIE);
  }

  @Test
  void aRegionWithoutASignalIsPolled() {
    north.ready(8);
    NorthDevice device = new NorthDevice(north, 0);
    device.kick = north.share(0, 16 << 16, NorthDevice.SIGNAL, -1, 9, BASE + device.region);
    assertThat(device.kick).isNotNegative();
    assertThat(north.status(0, 15)).isEqualTo(15);
    north.drain();
    device.request(0, 5);
    north.step();
    assertThat(device.responses()).containsExactly(5L);
    assertThat(north.close(0)).isZero();
    assertThat(north.drain()).isEmpty();
  }

  private ShmSignal configSignal(int[] handle) {
    long at = north.heap.allocate(64, 64);
    ShmSignal.format(north.memory, at + 8);
    handle[0] = north.share(0, 0xffff, 24, 8, 99, BASE + at);
    assertThat(handle[0]).isNotNegative();
    ShmSignal signal = new ShmSignal(north.memory, at + 8, Locality.NORTH);
    signal.enable();
    return signal;
  }

  @Test
  void configurationChangesAreSignalledByTheirOwnRegion() {
    started();
    int[] handle = new int[1];
    ShmSignal signal = configSignal(handle);
    model.change(77);
    model.change(78);
    assertThat(north.interrupts).hasValue(1);
    assertThat(north.drain()).containsExactly("signal 99");
    signal.wakeup(() -> {});
    model.change(79);
    assertThat(north.drain()).containsExactly("signal 99");
    north.bridge.signal(8, 4, handle[0]);
    assertThat(north.close(0)).isZero();
    assertThat(north.drain()).containsExactlyInAnyOrder("closed " + COOKIE, "closed 99");
  }

  @Test
  void aBrokenRingNeedsAResetAndIsAllRightAfterIt() {
    NorthDevice device = started();
    configSignal(new int[1]);
    north.memory.set(ValueLayout.JAVA_LONG, device.region, 1); // address of the first descriptor
    device.request(0, 5);
    north.memory.set(ValueLayout.JAVA_LONG, device.region, 1);
    north.step();
    assertThat(north.drain()).containsExactly("signal 99");
    assertThat(north.function(0, 3, 0, 0)).isEqualTo(15 | 64);
    assertThat(north.status(0, 0)).isZero();
    assertThat(north.drain()).containsExactlyInAnyOrder("closed " + COOKIE, "closed 99");
    assertThat(north.close(0)).isZero();
    NorthDevice again = new NorthDevice(north, 0).start();
    again.request(0, 6);
    north.step();
    assertThat(again.wakeup()).containsExactly(6L);
  }

  @Test
  void aDeviceThatWasClosedIsNotKickedAndOpensAgain() {
    NorthDevice device = started();
    assertThat(north.close(0)).isZero();
    assertThat(eth0.device().running()).isFalse();
    assertThat(north.drain()).containsExactly("closed " + COOKIE);
    byte[] before = north.memory.toArray(ValueLayout.JAVA_BYTE);
    north.bridge.signal(8, 4, device.kick);
    north.step();
    model.change(1);
    assertThat(north.memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
    NorthDevice again = new NorthDevice(north, 0).start();
    again.request(0, 6);
    north.step();
    assertThat(north.drain()).containsExactly("signal " + COOKIE);
  }

  @Test
  void devicesComeAndGoWhileTheGuestRuns() {
    NorthDevice device = started();
    north.bus.plug("eth1", new EchoModel());
    assertThat(north.interrupts).hasValue(1);
    assertThat(north.drain()).containsExactly("added 1 echo");
    north.bus.unplug(eth0);
    assertThat(north.drain()).containsExactly("closed " + COOKIE, "dropped 0");
    assertThat(north.function(0, 3, 0, 0)).isEqualTo(-2);
    north.bridge.signal(8, 4, device.kick);
    north.bus.plug("eth2", new EchoModel());
    assertThat(north.drain()).containsExactly("added " + 0x10000 + " echo");
    assertThat(north.open(0)).as("the one that is gone").isEqualTo(-2);
    assertThat(north.open(0x10000)).isZero();
    assertThat(north.get(0, 16).getLong(8)).isEqualTo(0x10000);
  }

  @Test
  void aDeviceThatComesAndGoesUnheardOfIsNotToldOf() {
    Slot eth1 = north.bus.plug("eth1", new EchoModel());
    north.bus.unplug(eth1);
    north.ready(1);
    Slot eth2 = north.bus.plug("eth2", new EchoModel());
    north.bus.unplug(eth2);
    assertThat(north.drain()).containsExactly("added 0 echo");
  }

  @Test
  void eventsThatFindNoRoomAreOwedInOrder() {
    north.ready(1);
    NorthDevice device = new NorthDevice(north, 0).start();
    int[] config = new int[1];
    configSignal(config);
    device.request(0, 5);
    north.step();
    Slot eth1 = north.bus.plug("eth1", new EchoModel());
    model.change(4);
    device.request(1, 6);
    north.step();
    assertThat(north.interrupts).as("one event, one interrupt").hasValue(1);
    assertThat(north.drain())
        .containsExactly("added 0 echo", "signal " + COOKIE, "added 1 echo", "signal 99");
    assertThat(device.wakeup()).containsExactly(5L, 6L);
    north.bus.unplug(eth1);
    north.bus.plug("eth2", new EchoModel());
    assertThat(north.drain()).containsExactly("dropped 1", "added " + 0x10001 + " echo");
  }

  @Test
  void aRegionThatIsClosedTakesItsOwedSignalAlong() {
    north.ready(1);
    NorthDevice device = new NorthDevice(north, 0).start();
    device.request(0, 5);
    north.step();
    assertThat(north.close(0)).isZero();
    assertThat(north.drain()).containsExactly("added 0 echo", "closed " + COOKIE);
  }

  @Test
  void aSignalFromBeforeTheQueueWasRegisteredIsNotLost() {
    assertThat(north.negotiate()).isEqualTo(1);
    NorthDevice device = new NorthDevice(north, 0).start();
    device.request(0, 5);
    north.step();
    assertThat(north.register(8)).isZero();
    assertThat(north.drain()).containsExactly("signal " + COOKIE, "added 0 echo");
  }

  @Test
  void bothQueuesOfADeviceHaveHandlesOfTheirOwn() {
    north.ready(8);
    NorthDevice device = new NorthDevice(north, 0);
    long second = north.heap.allocate(BridgeAbi.queueBytes(8), 64);
    int other = north.share(0, 8 << 16 | 1, BridgeAbi.queueBytes(8), -1, 0, BASE + second);
    device.start();
    assertThat(other).isNotNegative().isNotEqualTo(device.kick);
    assertThat(eth0.device().queueReady(1)).isTrue();
    assertThat(eth0.device().placeOfQueue(1).used()).isEqualTo(BASE + second + 192);
  }
}
