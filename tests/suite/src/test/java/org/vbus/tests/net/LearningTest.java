package org.vbus.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.tests.net.CardGuest.MAC_A;
import static org.vbus.tests.net.CardGuest.MAC_B;
import static org.vbus.tests.net.CardGuest.MAC_C;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.DropReason;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.MacAddress;

/// Three guests on a switch, all stepped by the test.
class LearningTest {
  private final VenetSwitch lan = new VenetSwitch(new L2Switch("lan"));
  private final PollLoop loop = new PollLoop("stepped", new ParkWaiter(), Idle.BLOCK);
  private final Map<String, CardGuest> guests = new TreeMap<>();
  private final Map<String, List<byte[]>> received = new TreeMap<>();

  @BeforeEach
  void boot() {
    add("a", MAC_A);
    add("b", MAC_B);
    add("c", MAC_C);
  }

  private void add(String name, long mac) {
    CardGuest guest = new CardGuest(name, lan, mac, 1500, LoopMap.single(loop), SignalPolicy.RING);
    guest.boot();
    List<byte[]> frames = new ArrayList<>();
    guest.card.onFrame(
        (memory, off, len) -> frames.add(memory.asSlice(off, len).toArray(ValueLayout.JAVA_BYTE)));
    guests.put(name, guest);
    received.put(name, frames);
  }

  @AfterEach
  void shutDown() {
    guests.values().forEach(CardGuest::shutDown);
    guests.values().forEach(CardGuest::close);
    loop.close();
  }

  private byte[] send(String from, long to) {
    byte[] frame = new byte[200];
    long source = guests.get(from).card.mac();
    for (int i = 0; i < 6; i++) {
      frame[i] = (byte) (to >>> (40 - 8 * i));
      frame[6 + i] = (byte) (source >>> (40 - 8 * i));
    }
    for (int i = 12; i < frame.length; i++) {
      frame[i] = (byte) (i * 7);
    }
    assertThat(guests.get(from).card.send(MemorySegment.ofArray(frame), 0, frame.length)).isTrue();
    guests.get(from).card.flush();
    boolean busy;
    do {
      busy = loop.doWork() > 0;
      for (CardGuest guest : guests.values()) {
        busy |= guest.guest.poll() > 0 || guest.guest.busy();
      }
    } while (busy);
    return frame;
  }

  private void assertReceived(byte[] frame, String... by) {
    List<String> names = List.of(by);
    received.forEach((name, frames) -> {
      if (names.contains(name)) {
        assertThat(frames).as(name).containsExactly(frame);
      } else {
        assertThat(frames).as(name).isEmpty();
      }
      frames.clear();
    });
  }

  @Test
  void aFrameForAnUnknownStationGoesToAllOthersAndOneForAKnownStationOnlyThere() {
    assertReceived(send("a", MAC_B), "b", "c");
    assertReceived(send("b", MAC_A), "a");
    assertReceived(send("a", MAC_B), "b");
    assertReceived(send("c", MAC_A), "a");
    assertReceived(send("b", MAC_C), "c");
    assertThat(guests.get("a").device.port().counters().snapshot().flooded()).isEqualTo(1);
  }

  @Test
  void broadcastAndMulticastGoToAllOthers() {
    assertReceived(send("b", MacAddress.BROADCAST), "a", "c");
    assertReceived(send("c", 0x3333_0000_0001L), "a", "b");
    assertReceived(send("a", 0x0180_c200_0000L));
    assertThat(guests.get("a").device.port().counters().drops(DropReason.RESERVED_ADDRESS))
        .isEqualTo(1);
  }

  @Test
  void aStationThatMovesIsFoundWhereItSpokeLast() {
    send("a", MAC_B);
    send("b", MAC_A);
    received.values().forEach(List::clear);
    // C speaks with the address of B.
    byte[] frame = new byte[60];
    MemorySegment memory = MemorySegment.ofArray(frame);
    for (int i = 0; i < 6; i++) {
      frame[i] = (byte) (MAC_A >>> (40 - 8 * i));
      frame[6 + i] = (byte) (MAC_B >>> (40 - 8 * i));
    }
    assertThat(guests.get("c").card.send(memory, 0, 60)).isTrue();
    guests.get("c").card.flush();
    loop.doWork();
    assertReceivedBy("c", send("a", MAC_B));
  }

  private void assertReceivedBy(String name, byte[] frame) {
    assertThat(received.get(name)).containsExactly(frame);
    assertThat(received.get("b")).isEmpty();
  }

  @Test
  void unpluggingOneGuestLeavesTheOthersConnected() {
    send("b", MAC_A);
    CardGuest gone = guests.remove("b");
    received.get("a").clear();
    received.get("c").clear();
    received.remove("b");
    gone.shutDown();
    gone.close();
    assertThat(lan.l2().ports()).hasSize(2);
    assertReceived(send("a", MAC_B), "c");
    assertReceived(send("a", MacAddress.BROADCAST), "c");
    add("b", MAC_B);
    assertReceived(send("a", MAC_B), "b", "c");
  }
}
