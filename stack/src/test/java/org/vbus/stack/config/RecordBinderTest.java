package org.vbus.stack.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatExceptionOfType;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.stack.config.Lab.BusConfig;
import org.vbus.stack.config.Lab.DeviceConfig;
import org.vbus.stack.config.Lab.Idle;
import org.vbus.stack.config.Lab.KvmConfig;
import org.vbus.stack.config.Lab.ListConfig;
import org.vbus.stack.config.Lab.LoopConfig;
import org.vbus.stack.config.Lab.MacTable;
import org.vbus.stack.config.Lab.StackConfig;
import org.vbus.stack.config.Lab.SwitchConfig;
import org.vbus.stack.config.Lab.TapConfig;
import org.vbus.stack.config.Lab.UnsupportedConfig;
import org.vbus.stack.config.Lab.VenetConfig;

@NullUnmarked // map lookups of names that are in the text
class RecordBinderTest {
  private static final String LAB =
      """
      loops { main { idle = adaptive, budget = 9000 } }
      switches {
        lan { uplink { tap = vbus0 }, mac-table { capacity = 128, ageing = 10m }, capture = "lan.pcapng" }
      }
      buses {
        vm1 {
          connector { loopback { guest = forward } }
          signals = ring
          devices { eth0 { model = venet, switch = lan, mac = "52:54:00:00:00:01", mtu = ${loops.main.budget} }, echo0 { model = template, loop = main } }
        }
      }
      """;

  private static <R extends Record> R bind(Class<R> type, String text) throws BadConfigException {
    return RecordBinder.bind(ConfigSource.parse(text, "lab.conf"), type);
  }

  private static String failure(Class<? extends Record> type, String text) {
    try {
      return "bound: " + bind(type, text);
    } catch (BadConfigException e) {
      return e.getMessage();
    }
  }

  @Test
  void bindsAWholeStackAndLeavesPluginsForTheirOwnRecords() throws Exception {
    StackConfig stack = bind(StackConfig.class, LAB);

    assertThat(stack.loops()).containsOnlyKeys("main");
    assertThat(stack.loops().get("main")).isEqualTo(new LoopConfig(Idle.ADAPTIVE, 9000));
    SwitchConfig lan = stack.switches().get("lan");
    assertThat(lan.macTable()).isEqualTo(new MacTable(128, Duration.ofMinutes(10)));
    assertThat(lan.capture()).isEqualTo("lan.pcapng");
    assertThat(lan.uplink().name()).isEqualTo("tap");
    assertThat(lan.uplink().bind(TapConfig.class)).isEqualTo(new TapConfig("vbus0", 1));

    BusConfig vm1 = stack.buses().get("vm1");
    assertThat(vm1.connector().name()).isEqualTo("loopback");
    assertThat(vm1.connector().body().at("guest").exists()).isTrue();
    assertThat(vm1.signals().name()).isEqualTo("ring");
    assertThat(vm1.devices().keySet()).containsExactly("eth0", "echo0");
    DeviceConfig eth0 = vm1.devices().get("eth0");
    assertThat(eth0.loop().value()).isEqualTo("main");
    assertThat(eth0.plugin().name()).isEqualTo("venet");
    VenetConfig venet = eth0.plugin().bind(VenetConfig.class);
    assertThat(venet.switchName().value()).isEqualTo("lan");
    assertThat(venet.mac()).isEqualTo("52:54:00:00:00:01");
    assertThat(venet.mtu()).isEqualTo(9000);
  }

  @Test
  void takesDefaultsForWhatIsNotWrittenOrNull() throws Exception {
    StackConfig stack = bind(StackConfig.class, "switches { lan { capture = null } }, buses {}");

    assertThat(stack.loops().get("main")).isEqualTo(new LoopConfig(Idle.ADAPTIVE, 64));
    SwitchConfig lan = stack.switches().get("lan");
    assertThat(lan.uplink()).isNull();
    assertThat(lan.capture()).isNull();
    assertThat(lan.mirrors()).isEmpty();
    assertThat(lan.macTable()).isEqualTo(new MacTable(4096, Duration.ofMinutes(5)));
    assertThat(stack.buses()).isEmpty();
  }

  @Test
  void readsSizesHexNumbersAndFractions() throws Exception {
    assertThat(bind(KvmConfig.class, "memory = 64MiB"))
        .isEqualTo(new KvmConfig(64 << 20, 0xd0000000L, false, 0.5));
    assertThat(bind(KvmConfig.class, "memory = 8192, base = 0x1000, log = on, duty = 1e-3"))
        .isEqualTo(new KvmConfig(8192, 4096, true, 0.001));
  }

  @Test
  void readsListsAndMapsOfLists() throws Exception {
    ListConfig lists =
        bind(
            ListConfig.class,
            "numbers = [3, \"4\"]\nnumbers += 5\nidles { a = [spin, block-at-once] }");

    assertThat(lists.numbers()).containsExactly(3, 4, 5);
    assertThat(lists.idles().get("a")).containsExactly(Idle.SPIN, Idle.BLOCK_AT_ONCE);
    assertThatThrownBy(() -> lists.numbers().clear())
        .isInstanceOf(UnsupportedOperationException.class);
    assertThatThrownBy(() -> lists.idles().clear())
        .isInstanceOf(UnsupportedOperationException.class);
  }

  @Test
  void keepsTheOrderOfTheFileAlsoWithinALine() throws Exception {
    StackConfig stack =
        bind(
            StackConfig.class,
            """
            loops.zeta { idle = spin }
            loops { c1 {}, c0 { idle = spin }, "c 2" {},
              b {}
              a.budget = 3 }
            loops { zeta { budget = 7 }, main {} }
            buses {}
            """);

    assertThat(stack.loops().keySet()).containsExactly("zeta", "c1", "c0", "c 2", "b", "a", "main");
    assertThat(stack.loops().get("zeta").budget()).isEqualTo(7);
  }

  @Test
  void takesAPluginsNameAsAScalarInEveryForm() throws Exception {
    BusConfig bus = bind(BusConfig.class, "connector = loopback, devices { rng0 { model = rng } }");
    assertThat(bus.connector().name()).isEqualTo("loopback");
    assertThat(bus.connector().bind(LoopConfig.class)).isEqualTo(new LoopConfig(Idle.ADAPTIVE, 64));
    assertThat(bus.signals().name()).isEqualTo("direct");
  }

  static Stream<Arguments> faults() {
    return Stream.of(
        // unknown keys
        bad(
            StackConfig.class,
            "buses {}\nbusses {}",
            "lab.conf:2: busses: unknown key; accepted keys: loops, switches, buses (did you mean buses?)"),
        bad(
            StackConfig.class,
            "buses {}\nswitches.lan {\n  mac-table {\n    max = 3 }}",
            "lab.conf:4: switches.lan.mac-table.max: unknown key; accepted keys: capacity, ageing"),
        // missing keys
        bad(
            StackConfig.class,
            "\nloops {}",
            "lab.conf:1: missing key \"buses\", expected a block of named entries"),
        bad(
            StackConfig.class,
            "\nbuses {\n vm1 {\n }\n}",
            "lab.conf:3: buses.vm1: missing key \"connector\", expected a plug-in's name or one block with that name"),
        bad(
            StackConfig.class,
            "buses.vm1 { connector = kvm\n devices.\"eth 0\" { loop = main } }",
            "lab.conf:2: buses.vm1.devices.\"eth 0\": missing key \"model\", expected the name of a plug-in"),
        bad(
            KvmConfig.class,
            "memory = null",
            "lab.conf:1: missing key \"memory\", expected a size from 4KiB to 1GiB"),
        // wrong types
        bad(
            StackConfig.class,
            "buses = 3",
            "lab.conf:1: buses: expected a block of named entries, got 3"),
        bad(
            StackConfig.class,
            "buses {}\nloops { main = [] }",
            "lab.conf:2: loops.main: expected a block, got a list"),
        bad(
            LoopConfig.class,
            "budget { x = 1 }",
            "lab.conf:1: budget: expected a number of at least 1, got a block"),
        bad(
            VenetConfig.class,
            "switch = lan\nmtu = big",
            "lab.conf:2: mtu: expected a number from 68 to 65535, got \"big\""),
        bad(
            VenetConfig.class,
            "switch = lan\nmtu = 1500.5",
            "lab.conf:2: mtu: expected a whole number from 68 to 65535, got 1500.5"),
        bad(VenetConfig.class, "switch = [lan]", "lab.conf:1: switch: expected text, got a list"),
        bad(
            VenetConfig.class,
            "switch = lan, mac = \"52:54\"",
            "lab.conf:1: mac: expected a MAC address such as 52:54:00:00:00:01, got \"52:54\""),
        bad(
            KvmConfig.class,
            "memory = 1MiB\nlog = maybe",
            "lab.conf:2: log: expected true or false, got \"maybe\""),
        bad(
            KvmConfig.class,
            "memory = 1MiB\nduty = NaN",
            "lab.conf:2: duty: expected a number, got \"NaN\""),
        bad(ListConfig.class, "numbers = 3", "lab.conf:1: numbers: expected a list, got 3"),
        bad(
            ListConfig.class,
            "numbers = [1,\n 2,\n x]",
            "lab.conf:3: numbers[2]: expected a number, got \"x\""),
        bad(ListConfig.class, "numbers = [1, null]", "lab.conf:1: numbers[1]: a list has no nulls"),
        // enums
        bad(
            LoopConfig.class,
            "idle = adaptiv",
            "lab.conf:1: idle: expected one of spin, adaptive, block-at-once, got \"adaptiv\" (did you mean adaptive?)"),
        bad(
            LoopConfig.class,
            "idle = ADAPTIVE",
            "lab.conf:1: idle: expected one of spin, adaptive, block-at-once, got \"ADAPTIVE\""),
        // ranges
        bad(
            VenetConfig.class,
            "switch = lan, mtu = 67",
            "lab.conf:1: mtu: expected a number from 68 to 65535, got 67"),
        bad(
            VenetConfig.class,
            "switch = lan, mtu = 65536",
            "lab.conf:1: mtu: expected a number from 68 to 65535, got 65536"),
        bad(
            LoopConfig.class,
            "budget = 4294967297",
            "lab.conf:1: budget: expected a number of at least 1, got 4294967297"),
        bad(
            KvmConfig.class,
            "memory = 2GiB",
            "lab.conf:1: memory: expected a size from 4KiB to 1GiB, got \"2GiB\""),
        bad(
            KvmConfig.class,
            "memory = 99999999999999999999",
            "lab.conf:1: memory: expected a size from 4KiB to 1GiB, got \"99999999999999999999\""),
        bad(
            KvmConfig.class,
            "memory = 64 parsecs",
            "lab.conf:1: memory: expected a size from 4KiB to 1GiB, got \"64 parsecs\""),
        // durations
        bad(
            MacTable.class,
            "ageing = 300",
            "lab.conf:1: ageing: expected a duration from 1s to 1h, got 300"),
        bad(
            MacTable.class,
            "ageing = 5 fortnights",
            "lab.conf:1: ageing: expected a duration from 1s to 1h, got \"5 fortnights\""),
        bad(
            MacTable.class,
            "ageing = 2h",
            "lab.conf:1: ageing: expected a duration from 1s to 1h, got \"2h\""),
        bad(
            MacTable.class,
            "ageing = -5s",
            "lab.conf:1: ageing: expected a duration from 1s to 1h, got \"-5s\""),
        // what a constructor refuses
        bad(
            KvmConfig.class,
            "\n\nmemory = 1MiB\nbase = 4097",
            "lab.conf:1: base must be a multiple of the page size, is 4097"),
        // plug-in blocks
        bad(
            BusConfig.class,
            "connector {}",
            "lab.conf:1: connector: expected a plug-in's name or one block with that name, got a block without one"),
        bad(
            BusConfig.class,
            "connector { loopback {}, kvm {} }",
            "lab.conf:1: connector: expected a plug-in's name or one block with that name, got loopback, kvm"),
        bad(
            BusConfig.class,
            "connector = [kvm]",
            "lab.conf:1: connector: expected a plug-in's name or one block with that name, got a list without one"),
        bad(
            BusConfig.class,
            "connector = kvm, devices { eth0 = venet }",
            "lab.conf:1: devices.eth0: expected a block, got \"venet\""),
        bad(
            BusConfig.class,
            "connector = kvm, devices { eth0 { model { venet {} } } }",
            "lab.conf:1: devices.eth0.model: expected the name of a plug-in, got a block"));
  }

  private static Arguments bad(Class<? extends Record> type, String text, String message) {
    return Arguments.of(type, text, message);
  }

  @ParameterizedTest
  @MethodSource("faults")
  void namesLineKeyAndWhatIsExpected(Class<? extends Record> type, String text, String message) {
    assertThat(failure(type, text)).isEqualTo(message);
  }

  @Test
  void findsAllFaultsInOneGoOrderedByLine() {
    assertThat(
            failure(
                StackConfig.class,
                "zones {}\nloops { main { budget = 0 }\n  aux { idle = none, size = 1 } }\nbuses { vm1 {} }"))
        .isEqualTo(
            """
            lab.conf:1: zones: unknown key; accepted keys: loops, switches, buses
            lab.conf:2: loops.main.budget: expected a number of at least 1, got 0
            lab.conf:3: loops.aux.idle: expected one of spin, adaptive, block-at-once, got "none"
            lab.conf:3: loops.aux.size: unknown key; accepted keys: idle, budget
            lab.conf:4: buses.vm1: missing key "connector", expected a plug-in's name or one block with that name\
            """);
  }

  @Test
  void listsTwentyFaultsAndCountsTheRest() throws Exception {
    ConfigNode node = ConfigSource.parse("k = 1\n".repeat(3) + "x=1\n", "lab.conf");
    List<ConfigError> many =
        Stream.iterate(1, line -> line + 1)
            .limit(23)
            .map(line -> new ConfigError(new Origin("lab.conf", line), node.path(), "wrong"))
            .toList();

    assertThat(BadConfigException.of(many.reversed()).getMessage().lines())
        .hasSize(21)
        .startsWith("lab.conf:1: wrong")
        .endsWith("lab.conf:20: wrong", "and 3 more errors");
    assertThat(BadConfigException.of(many).errors()).hasSize(23);
  }

  @Test
  void reportsFaultsInsideAPluginsBodyWithItsFullPath() throws Exception {
    StackConfig stack =
        bind(
            StackConfig.class,
            "buses.vm1 {\n connector = kvm\n devices {\n  eth0 { model = venet\n   mtu = 1\n   lop = main\n } } }");
    PluginBlock plugin = stack.buses().get("vm1").devices().get("eth0").plugin();

    assertThatExceptionOfType(BadConfigException.class)
        .isThrownBy(() -> plugin.bind(VenetConfig.class))
        .withMessage(
            """
            lab.conf:4: buses.vm1.devices.eth0: missing key "switch", expected text
            lab.conf:5: buses.vm1.devices.eth0.mtu: expected a number from 68 to 65535, got 1
            lab.conf:6: buses.vm1.devices.eth0.lop: unknown key; accepted keys: switch, mac, mtu, loop, model (did you mean loop?)\
            """);
    assertThat(plugin.unknown("device model", List.of("rng", "template", "venet0")))
        .hasMessage(
            "lab.conf:4: buses.vm1.devices.eth0.model: no device model is named \"venet\"; available: rng, template, venet0 (did you mean venet0?)");
    assertThat(stack.buses().get("vm1").connector().unknown("connector", List.of()))
        .hasMessage(
            "lab.conf:2: buses.vm1.connector: no connector is named \"kvm\"; available: none");
  }

  @Test
  void letsLaterChecksPointAtAValueOrAtTheBlockOfItsDefault() throws Exception {
    ConfigNode root =
        ConfigSource.parse(
            "buses.vm1 {\n connector = kvm\n devices {\n  e {\n model = venet\n switch = lan } } }",
            "lab.conf");
    StackConfig stack = RecordBinder.bind(root, StackConfig.class);
    DeviceConfig device = stack.buses().get("vm1").devices().get("e");

    assertThat(device.plugin().bind(VenetConfig.class).switchName().error("no such switch"))
        .hasMessage("lab.conf:6: buses.vm1.devices.e.switch: no such switch");
    assertThat(device.loop().error("no such loop"))
        .hasMessage("lab.conf:4: buses.vm1.devices.e.loop: no such loop");
    assertThat(root.at("buses", "vm1", "devices", "e", "switch").error("x"))
        .hasMessage("lab.conf:6: buses.vm1.devices.e.switch: x");
    assertThat(root.at("buses", "vm1", "slots", "first").error("x"))
        .hasMessage("lab.conf:1: buses.vm1.slots.first: x");
  }

  @Test
  void refusesRecordsItCannotBuild() {
    assertThatThrownBy(() -> bind(UnsupportedConfig.class, "thread = 1"))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageEndingWith(
            "Lab$UnsupportedConfig.thread: configuration records cannot hold a java.lang.Thread");
  }
}
