package org.vbus.venet;

import static java.util.Objects.requireNonNull;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.tuple;

import com.google.inject.Module;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.Attribute;
import org.vbus.stack.BusModule;
import org.vbus.stack.Stack;
import org.vbus.stack.StackFile;
import org.vbus.stack.config.BadConfigException;
import org.vbus.stack.config.ConfigSource;
import org.vbus.stack.config.Located;
import org.vbus.stack.config.RecordBinder;
import org.vbus.stack.spi.PortStatus;

/// Switches and network devices from their configuration to a stack.
class VenetModulesTest {
  private static final Module LAN = new L2SwitchModule("lan", L2SwitchConfig.plain());
  private static final Module BUS = new BusModule("vm1", SignalPolicy.RING);

  private static Module device(String name, VenetConfig config) {
    return new VenetModule("vm1", name, config);
  }

  private static <T extends Record> T bind(String text, Class<T> type) {
    return RecordBinder.bind(ConfigSource.parse(text, "lab.conf"), type);
  }

  private static String attribute(Stack stack, String device, String name) {
    return requireNonNull(stack.bus("vm1").find(device)).device().attributes().stream()
        .filter(attribute -> attribute.name().equals(name))
        .map(Attribute::get)
        .findFirst()
        .orElseThrow();
  }

  @Test
  void theKindsAreFoundByName() {
    assertThat(requireNonNull(StackFile.devices().get("venet")).configType())
        .isEqualTo(VenetConfig.class);
    assertThat(requireNonNull(StackFile.switches().get("l2")).configType())
        .isEqualTo(L2SwitchConfig.class);
  }

  @Test
  void aDeviceNeedsNothingButItsSwitch() {
    VenetConfig config = bind("switch = lan", VenetConfig.class);
    assertThat(config.switchName().value()).isEqualTo("lan");
    assertThat(config.mac()).isNull();
    assertThat(config.mtu()).isEqualTo(1500);
    assertThat(config.group()).isZero();
  }

  @Test
  void aSwitchNeedsNothing() {
    assertThat(bind("{}", L2SwitchConfig.class)).isEqualTo(L2SwitchConfig.plain());
  }

  @Test
  void aSwitchSaysItsTapsItsTableAndItsCapture() {
    L2SwitchConfig config =
        bind(
            """
            uplink { tap = vbus0 }
            taps { dmz { name = tap7, netns = blue, mtu = 9000, group = 2 } }
            mac-table { capacity = 100, ageing = 10s }
            capture = lan.pcapng
            """,
            L2SwitchConfig.class);
    assertThat(requireNonNull(config.uplink()).tap().name().value()).isEqualTo("vbus0");
    TapConfig dmz = requireNonNull(config.taps().get("dmz"));
    assertThat(dmz.name().value()).isEqualTo("tap7");
    assertThat(requireNonNull(dmz.netns()).value()).isEqualTo("blue");
    assertThat(dmz.mtu()).isEqualTo(9000);
    assertThat(dmz.group()).isEqualTo(2);
    assertThat(config.macTable())
        .isEqualTo(new L2SwitchConfig.MacTableConfig(100, Duration.ofSeconds(10)));
    assertThat(requireNonNull(config.capture()).value()).isEqualTo("lan.pcapng");
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "mac = \"52:54:00\"                   | a MAC address such as 52:54:00:00:00:01",
        "mtu = 67                             | 68",
        "mtu = 65518                          | 65517",
        "group = 65536                        | 65535",
        "speed = 10                           | speed"
      })
  void whatCannotBeIsRefusedWithFileLineAndWhatCan(String line, String hint) {
    assertThatExceptionOfType(BadConfigException.class)
        .isThrownBy(() -> bind("switch = lan\n" + line, VenetConfig.class))
        .withMessageStartingWith("lab.conf:2")
        .withMessageContaining(hint)
        .satisfies(e -> assertThat(e.getMessage()).doesNotContain("\n"));
  }

  @Test
  void devicesOfAStackArePortsOfTheirSwitch() throws IOException {
    try (Stack stack =
        Stack.of(
            LAN,
            BUS,
            device("eth0", VenetConfig.on("lan").withMac("52:54:00:00:00:01")),
            device("eth1", new VenetConfig(Located.of("lan", "switch"), null, 9000, 3, true, 1)))) {
      stack.start();
      assertThat(attribute(stack, "eth0", "mac")).isEqualTo("52:54:00:00:00:01");
      assertThat(attribute(stack, "eth1", "mtu")).isEqualTo("9000");
      assertThat(stack.ports())
          .extracting(PortStatus::owner, PortStatus::port, PortStatus::up)
          .containsExactlyInAnyOrder(
              tuple("lan", "vm1.eth0", false), tuple("lan", "vm1.eth1", false));
    }
  }

  @Test
  void anAddressMadeFromTheNamesIsLocalDiffersByDeviceAndStaysTheSame() throws IOException {
    String first;
    try (Stack stack =
        Stack.of(
            LAN,
            BUS,
            device("eth0", VenetConfig.on("lan")),
            device("eth1", VenetConfig.on("lan")))) {
      stack.start();
      first = attribute(stack, "eth0", "mac");
      assertThat(first).startsWith("02:00:").isNotEqualTo(attribute(stack, "eth1", "mac"));
    }
    try (Stack stack =
        Stack.of(
            new L2SwitchModule("lan", L2SwitchConfig.plain()),
            BUS,
            device("eth0", VenetConfig.on("lan")))) {
      stack.start();
      assertThat(attribute(stack, "eth0", "mac")).isEqualTo(first);
    }
  }

  private static VenetConfig at(String network, String mac) {
    return bind("switch = " + network + "\nmac = \"" + mac + "\"", VenetConfig.class);
  }

  @Test
  void aSwitchThatIsNotThereIsNamedWithThoseThatAre() {
    assertThatExceptionOfType(BadConfigException.class)
        .isThrownBy(() -> Stack.of(LAN, BUS, device("eth0", at("lam", "52:54:00:00:00:01"))))
        .withMessageStartingWith("lab.conf:1")
        .withMessageContaining("no switch is named \"lam\"; available: lan");
    assertThatExceptionOfType(BadConfigException.class)
        .isThrownBy(() -> Stack.of(BUS, device("eth0", VenetConfig.on("lan"))))
        .withMessageContaining("no switch is named \"lan\"; available: none");
  }

  @ParameterizedTest
  @ValueSource(strings = {"00:00:00:00:00:00", "01:00:5e:00:00:01", "FF:FF:FF:FF:FF:FF"})
  void anAddressThatIsNotOneStationsIsRefusedWhereItIsWritten(String mac) {
    assertThatExceptionOfType(BadConfigException.class)
        .isThrownBy(() -> Stack.of(LAN, BUS, device("eth0", at("lan", mac))))
        .withMessageStartingWith("lab.conf:2")
        .withMessageContaining("is not the address of a single station");
  }

  @Test
  void anAddressGivenTwiceIsRefusedWithWhoHasIt() {
    VenetConfig config = at("lan", "52:54:00:00:00:01");
    assertThatExceptionOfType(BadConfigException.class)
        .isThrownBy(() ->
            Stack.of(
                new L2SwitchModule("lan", L2SwitchConfig.plain()),
                BUS,
                device("eth0", config),
                device("eth1", config)))
        .withMessageStartingWith("lab.conf:2")
        .withMessageContaining("vm1.eth0");
  }

  @Test
  void aCaptureIsAFileWithAnInterfacePerPort(@TempDir Path directory) throws IOException {
    Path file = directory.resolve("lan.pcapng");
    Located<String> capture = Located.of(file.toString(), "capture");
    L2SwitchConfig config =
        new L2SwitchConfig(null, Map.of(), L2SwitchConfig.MacTableConfig.standard(), capture);
    try (Stack stack =
        Stack.of(new L2SwitchModule("lan", config), BUS, device("eth0", VenetConfig.on("lan")))) {
      stack.start();
    }
    String text = Files.readString(file, StandardCharsets.ISO_8859_1);
    assertThat(text).contains("vm1.eth0");
  }

  @Test
  void aCaptureThatCannotBeWrittenIsRefusedWhereItIsNamed(@TempDir Path directory) {
    Path file = directory.resolve("missing").resolve("lan.pcapng");
    L2SwitchConfig config = bind("capture = \"" + file + "\"", L2SwitchConfig.class);
    Stack stack = Stack.of(new L2SwitchModule("lan", config), BUS);
    assertThatExceptionOfType(BadConfigException.class)
        .isThrownBy(stack::start)
        .withMessageStartingWith("lab.conf:1")
        .withMessageContaining("capture");
  }

  @Test
  void aTapOfTwoSwitchesIsRefusedBeforeAnythingStartsNamingBothPlaces() {
    L2SwitchConfig first = bind("uplink { tap = vbus0 }", L2SwitchConfig.class);
    L2SwitchConfig second = bind("\ntaps { dmz = vbus0 }", L2SwitchConfig.class);
    assertThatExceptionOfType(BadConfigException.class)
        .isThrownBy(
            () -> Stack.of(new L2SwitchModule("lan", first), new L2SwitchModule("dmz", second)))
        .withMessageStartingWith("lab.conf:2")
        .withMessageContaining("tap vbus0 is used already at lab.conf:1");
  }
}
