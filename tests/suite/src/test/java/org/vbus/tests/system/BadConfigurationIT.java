package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/// What `vbus host` says to a configuration it cannot use: one line with the place and the remedy,
/// status 2, and nothing started.
class BadConfigurationIT {
  private static final String GOOD_TAP = "vbus-good";

  @TempDir private Path dir;
  private Namespaces namespaces;
  private String netns;

  @BeforeEach
  void namespace() throws IOException {
    Requirements.namespacesAnd();
    namespaces = new Namespaces();
    netns = namespaces.make();
    // Another user reads it too.
    Files.setPosixFilePermissions(dir, PosixFilePermissions.fromString("rwxr-xr-x"));
  }

  @AfterEach
  void cleanUp() {
    if (namespaces != null) {
      namespaces.close();
    }
  }

  /// Name, text with `NETNS` for a namespace that exists, and the line it gives. Each has a good
  /// tap first, which must not be there afterwards.
  static List<Arguments> faults() {
    return List.of(
        Arguments.of(
            "unknown key",
            "switches { b { uplnk { tap = x } } }",
            ":2: switches.b.uplnk: unknown key; accepted keys: uplink, taps, mac-table, capture,"
                + " model (did you mean uplink?)"),
        Arguments.of(
            "wrong type",
            bus("devices { e { model = venet, switch = good, mtu = big } }"),
            ":2: buses.vm.devices.e.mtu: expected a number from 68 to 65517, got \"big\""),
        Arguments.of(
            "missing switch",
            bus("devices { e { model = venet, switch = goood } }"),
            ":2: buses.vm.devices.e.switch: no switch is named \"goood\"; available: good (did you"
                + " mean good?)"),
        Arguments.of(
            "duplicate address",
            bus(
                """
                devices {
                  e { model = venet, switch = good, mac = "52:54:00:00:00:01" }
                  f { model = venet, switch = good, mac = "52:54:00:00:00:01" }
                }\
                """),
            ":4: buses.vm.devices.f.mac: 52:54:00:00:00:01 is the address of vm.e on the same"
                + " switch already"),
        Arguments.of(
            "too many devices",
            bus("slots = 1, devices { e { model = template }, f { model = template } }"),
            ":2: buses.vm: there are 2 devices but slots = 1"),
        Arguments.of(
            "one tap twice",
            "switches { b { uplink { tap { name = vbus-good, netns = NETNS } } } }",
            ":2: switches.b.uplink.tap.name: tap vbus-good is used already at FILE:1"
                + " (switches.good.uplink.tap.name); give each port a tap of its own"),
        Arguments.of(
            "one port twice",
            "switches { b { uplink { tap = x }, taps { uplink = y } } }",
            ":2: switches.b: both uplink and taps.uplink are a port called uplink; give the second"
                + " another name"),
        Arguments.of(
            "an interface that is no tap",
            "switches { b { uplink { tap { name = lo, netns = NETNS } } } }",
            ":2: switches.b.uplink.tap.name: tap lo in network namespace /run/netns/NETNS: EINVAL:"
                + " invalid argument (TUNSETIFF). An interface of this name exists and is not a tap"
                + " with one queue: use another name."),
        Arguments.of(
            "no such namespace",
            """
            switches { b { uplink { tap {
              name = x
              netns = nosuch
            } } } }\
            """,
            ":4: switches.b.uplink.tap.netns: there is no network namespace /run/netns/nosuch; make"
                + " one with `ip netns add NAME`"),
        Arguments.of(
            "unknown connector",
            "buses { vm { connector = lopback } }",
            ":2: buses.vm.connector: no connector is named \"lopback\"; available: CONNECTORS (did"
                + " you mean loopback?)"),
        Arguments.of(
            "unknown device model",
            bus("devices { e { model = vnet } }"),
            ":2: buses.vm.devices.e.model: no device model is named \"vnet\"; available: DEVICES"
                + " (did you mean venet?)"),
        Arguments.of(
            "unknown guest program",
            "buses { vm { connector { loopback { guest = forwrd } } } }",
            ":2: buses.vm.connector.loopback.guest: no guest program is named \"forwrd\";"
                + " available: PROGRAMS (did you mean forward?)"),
        Arguments.of(
            "capture in no directory",
            "switches { b { capture = /nowhere/x.pcapng } }",
            ":2: switches.b.capture: cannot write capture file /nowhere/x.pcapng: no such"
                + " directory"),
        Arguments.of(
            "capture is a directory",
            "switches { b { capture = /proc } }",
            ":2: switches.b.capture: cannot write capture file /proc: Is a directory"),
        Arguments.of(
            "bad syntax",
            "buses { vm { connector = loopback }",
            ":2: unexpected end of file, a '{' or '(' is not closed"),
        Arguments.of(
            "text that needs quotes",
            bus("devices { e { model = venet, switch = good, mac = 52:54:00:00:00:01 } }"),
            ":2: Expecting close brace } or a comma, got ':'; text with such characters needs"
                + " double quotes"));
  }

  private static String bus(String more) {
    return "buses { vm { connector = loopback, " + more + " } }";
  }

  @ParameterizedTest(name = "{0}")
  @MethodSource("faults")
  void isOneLineWithThePlace(String name, String text, String expected) throws IOException {
    Path file = config(text);

    Run run = Vbus.run("host", file.toString());

    assertRefused(run, file, expected);
    assertThat(Namespaces.interfaces(netns)).isEmpty();
  }

  @Test
  void aMissingFileIsNamed() {
    Path file = dir.resolve("none.conf");
    assertRefused(Vbus.run("host", file.toString()), file, ": no such file");
  }

  @Test
  void aTapThatAnotherProcessHoldsIsRefusedAndLeftToIt() throws IOException {
    Path first = config("");
    try (HostProcess host = HostProcess.start(first)) {
      Path second = dir.resolve("second.conf");
      Files.writeString(
          second,
          """
          switches {
            free { uplink { tap { name = vbus-free, netns = %s } } }
            held { uplink { tap { name = %s, netns = %s } } }
          }
          """
              .formatted(netns, GOOD_TAP, netns));

      assertRefused(
          Vbus.run("host", second.toString()),
          second,
          (":3: switches.held.uplink.tap.name: tap %s in network namespace /run/netns/%s: EBUSY:"
                  + " device or resource busy (TUNSETIFF). Another process holds it: stop that"
                  + " process or use another name.")
              .formatted(GOOD_TAP, netns));

      assertThat(Namespaces.interfaces(netns)).containsExactly(GOOD_TAP);
      assertThat(host.signal("TERM").status()).isEqualTo(143);
    }
  }

  @Test
  void withoutPermissionItSaysHowToGetIt() throws IOException {
    Requirements.tools("setpriv");
    Path file = dir.resolve("plain.conf");
    Files.writeString(file, "switches {\n  lan { uplink { tap = vbus-priv } }\n}\n");

    Run run = Run.of(Duration.ofSeconds(60), Vbus.command(unprivileged(), "host", file.toString()));

    assertRefused(
        run,
        file,
        ":2: switches.lan.uplink.tap.name: tap vbus-priv: EPERM: operation not permitted"
            + " (TUNSETIFF). Run as root or with CAP_NET_ADMIN, or let root create the tap for you:"
            + " `ip tuntap add dev vbus-priv mode tap user $USER`.");
  }

  /// Another user; or, where that user may not even read this checkout, root without capabilities.
  private static List<String> unprivileged() {
    List<String> nobody =
        List.of("setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--");
    String java = Path.of(System.getProperty("java.home"), "bin", "java").toString();
    Run reachable =
        Run.of(
            Duration.ofSeconds(10),
            new ProcessBuilder(
                "setpriv",
                "--reuid=65534",
                "--regid=65534",
                "--clear-groups",
                "--",
                "sh",
                "-c",
                "test -x \"$0\" && test -x \"$1\"",
                Vbus.HOME.resolve("vbus").toString(),
                java));
    return reachable.status() == 0
        ? nobody
        : List.of("setpriv", "--bounding-set=-all", "--inh-caps=-all", "--");
  }

  private Path config(String text) throws IOException {
    Path file = dir.resolve("bad.conf");
    Files.writeString(
        file,
        "switches { good { uplink { tap { name = %s, netns = %s } } } }\n"
                .formatted(GOOD_TAP, netns)
            + text.replace("NETNS", netns));
    return file;
  }

  private void assertRefused(Run run, Path file, String expected) {
    assertThat(run.err().lines()).as("%s", run).hasSize(1);
    String line = run.err().strip();
    // What others may have added to the list of plug-ins does not matter here.
    String pattern =
        java.util.regex.Pattern.quote(
                file + expected.replace("NETNS", netns).replace("FILE", file.toString()))
            .replaceAll("CONNECTORS|DEVICES|PROGRAMS", "\\\\E[a-z0-9, -]+\\\\Q");
    assertThat(line).matches(pattern);
    assertThat(run.out()).isEmpty();
    assertThat(run.status()).isEqualTo(2);
  }
}
