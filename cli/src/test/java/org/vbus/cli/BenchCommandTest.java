package org.vbus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import picocli.CommandLine;

class BenchCommandTest {
  private final StringWriter out = new StringWriter();
  private final StringWriter err = new StringWriter();

  private int bench(String... args) {
    CommandLine command = new CommandLine(new BenchCommand());
    command.setOut(new PrintWriter(out));
    command.setErr(new PrintWriter(err));
    return command.execute(args);
  }

  @Test
  void aFileThatCannotBeWrittenIsRefusedBeforeAnythingRuns(@TempDir Path dir) {
    Path missing = dir.resolve("no/such.json");
    assertThat(bench("--quick", "--json", missing.toString())).isEqualTo(2);
    assertThat(err.toString())
        .isEqualToIgnoringNewLines("vbus bench: cannot write " + missing + ": no such directory");
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void aDirectoryIsNoFile(@TempDir Path dir) {
    assertThat(bench("--quick", "--html", dir.toString())).isEqualTo(2);
    assertThat(err.toString()).contains(dir.toString()).hasLineCount(1);
  }

  @Test
  void nothingIsLeftOfAFileThatWasOnlyTried(@TempDir Path dir) {
    Path good = dir.resolve("good.json");
    assertThat(bench("--json", good.toString(), "--html", dir.toString())).isEqualTo(2);
    assertThat(Files.exists(good)).isFalse();
  }

  @ParameterizedTest
  @CsvSource({
    "--peers, either --load or --peers",
    "--load-parts=sweep;nap, part is one of sweep",
    "--load-sides=nobody, side is one of vbus",
    "--load-ring=torn, ring is packed or split",
    "--load-cores=1;1, two processors",
    "--load-cores=1, cores are two processors",
    "--load-rounds=100, rounds are 1 to 99",
    "--load-window=1, at least 20 ms",
    "--load-devices=1, idle devices are 2 to 250"
  })
  void aLoadThatCannotBeIsRefusedBeforeAnythingRuns(String option, String message) {
    assertThat(bench("--load", option.replace(';', ','))).isEqualTo(2);
    assertThat(err.toString()).startsWith("vbus bench: ").contains(message).hasLineCount(1);
    assertThat(out.toString()).isEmpty();
  }

  @Test
  void anUnknownOptionIsAnErrorOfUse() {
    assertThat(bench("--fast")).isEqualTo(2);
    assertThat(err.toString()).contains("--fast");
  }
}
