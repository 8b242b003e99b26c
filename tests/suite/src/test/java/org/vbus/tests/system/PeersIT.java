package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `./vbus bench --peers`, as small as it gets. What the figures are does not matter here, that
/// there are some does.
@Tag("long")
class PeersIT {
  private static final Duration LIMIT = Duration.ofMinutes(8);

  @TempDir private Path dir;

  private Run compare(Path json, String... more) {
    Requirements.tools("dpdk-testpmd", "stdbuf", "setsid", "taskset");
    if (!"root".equals(System.getProperty("user.name"))
        || Runtime.getRuntime().availableProcessors() < 2) {
      Requirements.missing("comparing with peers needs root and two processors");
    }
    ProcessBuilder command = Vbus.command(List.of(), "bench", "--peers", "--modes", "io");
    command.command().addAll(List.of("--sizes", "64", "--against", "testpmd", "--pairs", "1"));
    command.command().addAll(List.of("--window", "300", "--attempts", "20"));
    command.command().addAll(List.of("--json", json.toString()));
    command.command().addAll(List.of(more));
    return Run.of(LIMIT, command);
  }

  @Test
  void aComparisonWithTestpmdHasARatio() throws IOException {
    Path json = dir.resolve("peers.json");
    Path html = dir.resolve("peers.html");
    Run run = compare(json, "--rings", "packed", "--html", html.toString()).ok();
    assertThat(json)
        .content()
        .containsPattern("\"mode\": \"io\", \"size\": \"64\", \"ring\": \"packed\"")
        .containsPattern("\"verifiedFrames\": [1-9]\\d\\d\\d")
        .containsPattern("\"ratio\": \\{\"median\": \\d+\\.\\d+")
        .containsPattern("\"testpmd\": \"DPDK \\d+\\.");
    assertThat(html).content().contains("Next to its peers");
    assertThat(run.out()).containsPattern("io +64 +packed +on +1 +testpmd +(near|far|remote)");
    assertThat(processes()).noneMatch(words -> words.contains("vbus-peers"));
  }

  /// Command lines of what runs now.
  private static List<String> processes() {
    try (Stream<ProcessHandle> all = ProcessHandle.allProcesses()) {
      return all.map(process -> process.info().commandLine().orElse("")).toList();
    }
  }
}
