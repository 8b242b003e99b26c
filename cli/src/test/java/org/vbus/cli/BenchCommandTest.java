package org.vbus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
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

  @Test
  void anUnknownOptionIsAnErrorOfUse() {
    assertThat(bench("--fast")).isEqualTo(2);
    assertThat(err.toString()).contains("--fast");
  }
}
