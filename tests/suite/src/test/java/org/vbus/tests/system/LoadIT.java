package org.vbus.tests.system;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `./vbus bench --load`, as small as it gets. What the figures are does not matter here, that
/// there are some does.
@Tag("long")
class LoadIT {
  private static final Duration LIMIT = Duration.ofMinutes(4);

  @TempDir private Path dir;

  @Test
  void everyPartOfALoadHasFigures() throws IOException {
    Requirements.tools("setsid", "taskset");
    if (Runtime.getRuntime().availableProcessors() < 2) {
      Requirements.missing("an offered load needs two processors");
    }
    Path json = dir.resolve("load.json");
    Path html = dir.resolve("load.html");
    ProcessBuilder command = Vbus.command(List.of(), "bench", "--load", "--quick");
    command.command().addAll(List.of("--load-sides", "vbus", "--load-window", "40"));
    command.command().addAll(List.of("--load-devices", "4"));
    command.command().addAll(List.of("--json", json.toString(), "--html", html.toString()));
    Run run = Run.of(LIMIT, command).ok();
    assertThat(json)
        .content()
        .containsPattern("\"part\": \"sweep\", \"backEnd\": \"vbus\", \"guests\": \"poll\"")
        .containsPattern("\"guests\": \"take interrupts\", \"load\": \"1k\"")
        .containsPattern("\"part\": \"round trip\", .* \"load\": \"90 %\"")
        .containsPattern("\"backEnd\": \"vbus, 4 devices\"")
        .containsPattern("\"idle\": \\[\\{\"backEnd\": \"vbus\", \"devices\": 2");
    assertThat(html).content().contains("Offered load");
    assertThat(run.out()).contains("Garbage collections", "collector ").doesNotContain("Left out");
    assertThat(ProcessHandle.allProcesses())
        .noneMatch(process -> process.info().commandLine().orElse("").contains("vbus-peers"));
  }
}
