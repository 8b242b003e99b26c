package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// The commands that start nothing.
class CommandsIT {
  @TempDir private Path dir;

  @Test
  void versionIsPrinted() {
    long begin = System.nanoTime();
    Run run = Vbus.run("--version").ok();
    System.out.printf("start-up, ./vbus --version: %d ms%n", (System.nanoTime() - begin) / 1000000);
    assertThat(run.out()).matches("vbus \\d+\\.\\d+\\.\\d+\\S*\\n");
    assertThat(run.err()).isEmpty();
  }

  @Test
  void aGoodConfigurationIsSaidToBe() throws IOException {
    Path file = dir.resolve("good.conf");
    Files.writeString(
        file,
        """
        switches { lan { uplink { tap = vbus-never } } }
        buses { vm { connector = loopback, devices { eth0 { model = venet, switch = lan } } } }
        """);
    Run run = Vbus.run("check", file.toString()).ok();
    assertThat(run.out()).isEqualTo(file + ": good: bus vm\n");
    assertThat(run.err()).isEmpty();
    assertThat(Path.of("/sys/class/net/vbus-never")).doesNotExist();
  }

  @Test
  void checkFindsWhatIsWrongWithoutStarting() throws IOException {
    Path file = dir.resolve("bad.conf");
    Files.writeString(file, "buses { vm { connector = loopback, slots = 0 } }");
    Run run = Vbus.run("check", file.toString());
    assertThat(run.err())
        .isEqualTo(file + ":1: buses.vm.slots: expected a number from 1 to 4096, got 0\n");
    assertThat(run.out()).isEmpty();
    assertThat(run.status()).isEqualTo(2);
  }

  @Test
  void theReferenceListsTheKeysOfEveryPlugIn() {
    Run run = Vbus.run("check", "--reference").ok();
    assertThat(run.err()).isEmpty();
    assertThat(run.out().lines())
        .contains("switch model l2", "connector loopback", "device model venet")
        .anyMatch(line -> line.matches("buses\\.<name>\\.signals +one of direct, ring, polled.*"))
        .anyMatch(line -> line.matches(" +uplink\\.tap\\.netns +text +optional +\\S.*"));
  }

  @Test
  void doctorSaysOfEachPartWhetherItWorksOrWhatToDo() {
    Run run = Vbus.run("doctor").ok();
    assertThat(run.err()).isEmpty();
    assertThat(run.out().lines())
        .allMatch(line -> line.matches("(ok|--) \\S.{19} \\S.*"))
        .anyMatch(line -> line.startsWith("ok JDK "))
        .anyMatch(line -> line.contains("/dev/net/tun"))
        .anyMatch(line -> line.contains("/dev/kvm"))
        .noneMatch(line -> line.contains("null") || line.contains("Exception"));
    assertThat(run.out().lines().filter(line -> line.startsWith("--")))
        .allMatch(line -> line.matches(".*(;|:) .*"));
  }

  @Test
  void withoutACommandThereIsTheUsage() {
    Run run = Vbus.run();
    assertThat(run.out()).isEmpty();
    assertThat(run.err()).startsWith("Usage: vbus").contains("host", "check", "doctor");
    assertThat(run.status()).isEqualTo(2);
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      value = {
        "--frob              | vbus: unknown option --frob; vbus --help lists what there is",
        "hots lab.conf       | vbus: unknown command hots (did you mean host?); vbus --help lists what there is",
        "host                | 'vbus host: Missing required argument (specify one of these): ([FILE] | --example=NAME); vbus host --help lists what there is'",
        "host --staus 1 f    | vbus host: unknown option --staus (did you mean --status?); vbus host --help lists what there is",
        "host --status x f   | vbus host: Invalid value for option '--status': 'x' is not an int; vbus host --help lists what there is",
        "doctor now          | vbus doctor: unknown word now; vbus doctor --help lists what there is",
      })
  void aBadCommandLineIsOneLine(String words, String expected) {
    Run run = Vbus.run(words.split(" +", -1));
    assertThat(run.err()).isEqualTo(expected + "\n");
    assertThat(run.out()).isEmpty();
    assertThat(run.status()).isEqualTo(2);
  }

  /// Java 17 first on the path, and no JAVA_HOME: the launcher looks further.
  @Test
  void anOldJavaOnThePathDoesNotMatter() throws IOException {
    Path old = dir.resolve("jdk-17");
    Files.createDirectories(old.resolve("bin"));
    Files.writeString(old.resolve("release"), "JAVA_VERSION=\"17.0.15\"\n");
    Path java = old.resolve("bin/java");
    Files.writeString(java, "#!/bin/sh\necho this is Java 17 >&2\nexit 1\n");
    assertThat(java.toFile().setExecutable(true)).isTrue();
    ProcessBuilder command = Vbus.command(List.of(), "--version");
    command.environment().remove("JAVA_HOME");
    command.environment().remove("VBUS_JAVA_HOME");
    command.environment().merge("PATH", old.resolve("bin") + ":", (path, first) -> first + path);

    Run run = Run.of(Duration.ofSeconds(60), command);

    if (run.err().startsWith("vbus: no JDK 25")) {
      // This JDK is in a place that only JAVA_HOME or PATH tell.
      assertThat(run.status()).isEqualTo(1);
      assertThat(run.err().lines()).hasSize(1);
      return;
    }
    assertThat(run.ok().out()).startsWith("vbus ");
  }

  @Test
  void aStaleBuildIsAnErrorWhereBuildingIsForbidden() throws IOException {
    Path copy = Files.createDirectories(dir.resolve("checkout/.mvn"));
    Files.copy(Vbus.HOME.resolve("vbus"), copy.resolveSibling("vbus"));
    Files.copy(Vbus.HOME.resolve(".mvn/find-jdk.sh"), copy.resolve("find-jdk.sh"));
    ProcessBuilder command = Vbus.command(List.of("sh"), "--version");
    command.command().set(1, copy.resolveSibling("vbus").toString());

    Run run = Run.of(Duration.ofSeconds(60), command);

    assertThat(run.err())
        .isEqualTo(
            "vbus: not built, or older than the sources, and VBUS_NO_BUILD is set; run ./mvnw"
                + " verify.\n");
    assertThat(run.status()).isEqualTo(1);
  }
}
