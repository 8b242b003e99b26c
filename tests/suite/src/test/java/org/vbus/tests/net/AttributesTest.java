package org.vbus.tests.net;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.vbus.tests.net.CardGuest.MAC_A;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.bus.BusListener;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.Attribute;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.L2Switch;

/// What an operator and the guest see of a network device, and what they can change.
class AttributesTest {
  private final PollLoop loop = new PollLoop("stepped", new ParkWaiter(), Idle.BLOCK);
  private final VenetSwitch lan = new VenetSwitch(new L2Switch("lan"));
  private CardGuest guest;

  @BeforeEach
  void boot() {
    guest = new CardGuest("a", lan, MAC_A, 1500, LoopMap.single(loop), SignalPolicy.RING);
    guest.boot();
  }

  @AfterEach
  void shutDown() {
    guest.shutDown();
    guest.close();
    loop.close();
  }

  private void set(String name, String value) {
    guest.bus.setAttribute(guest.slot, name, value);
  }

  private String get(String name) {
    return guest.slot.device().attributes().stream()
        .filter(attribute -> attribute.name().equals(name))
        .findFirst()
        .orElseThrow()
        .get();
  }

  @Test
  void theyAreShownInOrderAndSomeCanBeWritten() {
    assertThat(guest.slot.device().attributes())
        .extracting(Attribute::name)
        .containsExactly("mac", "mtu", "link", "rate", "announce");
    assertThat(guest.slot.device().attributes())
        .extracting(Attribute::writable)
        .containsExactly(false, true, true, true, true);
  }

  @Test
  void theGuestSeesThemAsTheyAreNow() {
    assertThat(guest.guest.bus().attributes(0))
        .isEqualTo(
            Map.of(
                "mac",
                "52:54:00:00:00:0a",
                "mtu",
                "1500",
                "link",
                "up",
                "rate",
                "unlimited",
                "announce",
                "no"));
    set("link", "down");
    set("rate", "250");
    assertThat(guest.guest.bus().attributes(0))
        .containsEntry("link", "down")
        .containsEntry("rate", "250");
  }

  @ParameterizedTest
  @ValueSource(strings = {"1", "10", "1000", "1000000", "unlimited"})
  void aRateIsReadAsItWasWritten(String rate) {
    set("rate", "77");
    set("rate", rate);
    assertThat(get("rate")).isEqualTo(rate);
  }

  @ParameterizedTest
  @CsvSource({
    "rate, 0, 'rate is unlimited or Mbit/s from 1 to 1000000, not 0'",
    "rate, -1, 'rate is unlimited or Mbit/s from 1 to 1000000, not -1'",
    "rate, 1000001, 'rate is unlimited or Mbit/s from 1 to 1000000, not 1000001'",
    "rate, 1.5, 'rate is unlimited or Mbit/s from 1 to 1000000, not 1.5'",
    "rate, '', 'rate is unlimited or Mbit/s from 1 to 1000000, not '",
    "rate, 99999999999999999999, "
        + "'rate is unlimited or Mbit/s from 1 to 1000000, not 99999999999999999999'",
    "rate, Unlimited, 'rate is unlimited or Mbit/s from 1 to 1000000, not Unlimited'",
    "link, on, 'link is up or down, not on'",
    "link, '', 'link is up or down, not '",
    "mac, 52:54:00:00:00:0b, attribute mac is read-only",
    "mtu, 9000, 'mtu stays 1500 while a driver uses it (virtio 5.1.4.1); unplug or reset first'",
    "mtu, 67, 'mtu is from 68 to 65535, not 67'",
    "mtu, big, 'mtu is from 68 to 65535, not big'",
    "announce, later, 'announce takes now, not later'",
    "speed, 10, 'eth0 has no attribute speed; it has mac, mtu, link, rate, announce'"
  })
  void whatCannotBeIsRefusedInOneLineAndChangesNothing(String name, String value, String message) {
    set("rate", "5");
    List<String> heard = listen();
    Map<String, String> before = guest.guest.bus().attributes(0);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> set(name, value))
        .withMessage(message)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
    assertThat(guest.guest.bus().attributes(0)).isEqualTo(before);
    assertThat(heard).isEmpty();
  }

  private List<String> listen() {
    List<String> heard = new ArrayList<>();
    guest.bus.listen(
        new BusListener() {
          @Override
          public void attributeChanged(Slot slot, String name, String value) {
            heard.add(slot.name() + " " + name + " " + value);
          }
        });
    return heard;
  }

  @Test
  void changesAreEventsOfTheBus() {
    List<String> heard = listen();
    set("link", "down");
    set("rate", "unlimited");
    set("link", "up");
    assertThat(heard).containsExactly("eth0 link down", "eth0 rate unlimited", "eth0 link up");
  }

  @ParameterizedTest
  @EnumSource(value = SignalPolicy.class, names = "POLLED", mode = EnumSource.Mode.EXCLUDE)
  void theLinkIsAnInterruptToTheDriver(SignalPolicy policy) {
    try (CardGuest other =
        new CardGuest("b", lan, CardGuest.MAC_B, 1500, LoopMap.single(loop), policy)) {
      other.boot();
      List<Boolean> heard = new ArrayList<>();
      other.card.onLinkChange(() -> heard.add(other.card.linkUp()));
      for (String link : List.of("down", "up")) {
        other.bus.setAttribute(other.slot, "link", link);
        while (other.guest.poll() > 0 || other.guest.busy()) {
          // until it has heard
        }
      }
      assertThat(heard).containsExactly(false, true);
      other.shutDown();
    }
  }
}
