package org.vbus.venet.l2;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MacAddressTest {
  @Test
  void parsesColonsAndHyphensInBothCases() {
    assertThat(MacAddress.parse("52:54:00:00:00:01")).isEqualTo(0x5254_0000_0001L);
    assertThat(MacAddress.parse("AB-cd-EF-01-23-45")).isEqualTo(0xABCD_EF01_2345L);
    assertThat(MacAddress.parse("ff:ff:ff:ff:ff:ff")).isEqualTo(MacAddress.BROADCAST);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "52:54:00:00:00",
        "52:54:00:00:00:1",
        "52:54:00:00:00:01:02",
        "52:54:00-00:00:01",
        "525400000001",
        "52:54:00:00:00:0g",
        "+2:54:00:00:00:01",
        "52.54.00.00.00.01",
        "٥2:54:00:00:00:01"
      })
  void refusesAnythingElseAndSaysWhatIsExpected(String text) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> MacAddress.parse(text))
        .withMessage(
            "MAC address \"%s\": expected six hexadecimal bytes, for example 52:54:00:00:00:01",
            text);
  }

  @Test
  void formatsWhatItParses() {
    assertThat(MacAddress.format(0x5254_00AB_CD01L)).isEqualTo("52:54:00:ab:cd:01");
    assertThat(MacAddress.format(1)).isEqualTo("00:00:00:00:00:01");
  }

  @Test
  void tellsTheKindsOfAddresses() {
    long unicast = MacAddress.parse("00:16:3e:00:00:01");
    long local = MacAddress.parse("52:54:00:00:00:01");
    long multicast = MacAddress.parse("01:00:5e:00:00:fb");
    assertThat(MacAddress.isMulticast(unicast)).isFalse();
    assertThat(MacAddress.isMulticast(multicast)).isTrue();
    assertThat(MacAddress.isMulticast(MacAddress.BROADCAST)).isTrue();
    assertThat(MacAddress.isLocallyAdministered(unicast)).isFalse();
    assertThat(MacAddress.isLocallyAdministered(local)).isTrue();
  }

  @Test
  void reservesSixteenGroupAddresses() {
    long first = MacAddress.parse("01:80:c2:00:00:00");
    assertThat(MacAddress.isReservedGroup(first)).isTrue();
    assertThat(MacAddress.isReservedGroup(first + 15)).isTrue();
    assertThat(MacAddress.isReservedGroup(first + 16)).isFalse();
    assertThat(MacAddress.isReservedGroup(first - 1)).isFalse();
  }
}
