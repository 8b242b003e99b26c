package org.vbus.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.vbus.core.bus.Bus;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Tally;
import org.vbus.stack.Stack;
import org.vbus.stack.StackFile;

/// What the README shows is what the code does.
class ReadmeTest {
  private static final String README = ProjectFiles.text("README.md");

  @Test
  void theJavaExampleIsTheCompiledOne() {
    String source =
        ProjectFiles.text("tests/suite/src/test/java/org/vbus/tests/docs/TenLines.java");
    String begin = "    // README: begin\n";
    String body =
        source.substring(
            source.indexOf(begin) + begin.length(), source.indexOf("    // README: end"));

    assertThat(blocks("java")).containsOnlyOnce(body.stripTrailing().stripIndent());
  }

  @Test
  void theJavaExampleRuns() throws IOException {
    Tally crossed = TenLines.run();

    assertThat(crossed.get(Event.REGISTER_ACCESSES)).isPositive();
  }

  @Test
  void theConfigurationExampleComposes() {
    try (Stack stack = StackFile.parse(blocks("hocon").getFirst(), "lab.conf")) {
      assertThat(stack.buses()).extracting(Bus::name).containsExactly("vm1");
    }
  }

  @Test
  void thePluginsAreFoundOnTheClassPathToo() {
    assertThat(StackFile.connectors()).containsKey("loopback");
    assertThat(StackFile.devices()).containsKeys("template", "venet");
    assertThat(StackFile.switches()).containsKey("l2");
  }

  @Test
  void theReadingOrderNamesFilesByTheirTypes() {
    String section =
        README.substring(
            README.indexOf("## Reading order"),
            README.indexOf("## One packet, guest A to guest B"));

    assertThat(Pattern.compile("\\[(\\w+)]\\(([\\w/.-]+)\\)").matcher(section).results())
        .hasSizeGreaterThan(20)
        .allSatisfy(link -> {
          assertThat(ProjectFiles.root().resolve(link.group(2))).isRegularFile();
          assertThat(link.group(2)).endsWith("/" + link.group(1) + ".java");
        });
  }

  /// Types and their methods in backticks, as in `SplitQueue.peek`.
  @Test
  void theWalkOfAPacketCallsMethodsThatExist() {
    String section =
        README.substring(
            README.indexOf("## One packet, guest A to guest B"),
            README.indexOf("## Write a device"));
    Map<String, String> sources = new HashMap<>();
    for (Path file : ProjectFiles.endingIn(".java")) {
      sources.put(file.getFileName().toString().replace(".java", ""), ProjectFiles.text(file));
    }

    assertThat(Pattern.compile("`([A-Z]\\w+)\\.(\\w+)`").matcher(section).results())
        .hasSizeGreaterThan(20)
        .allSatisfy(call ->
            assertThat(sources.get(call.group(1)))
                .as(call.group())
                .contains(" " + call.group(2) + "("));
  }

  @Test
  void everyModuleHasAReadme() {
    List<String> modules =
        ProjectFiles.endingIn("module-info.java").stream()
            .map(file -> ProjectFiles.root().relativize(file).toString())
            .map(file -> file.substring(0, file.indexOf("/src/")))
            .toList();

    assertThat(modules)
        .contains("vbus-core")
        .allSatisfy(module ->
            assertThat(Files.exists(ProjectFiles.root().resolve(module).resolve("README.md")))
                .as(module)
                .isTrue());
  }

  private static List<String> blocks(String language) {
    return Pattern.compile(
            "(?m)^```" + language + "\\n(.*?)^```", Pattern.DOTALL | Pattern.MULTILINE)
        .matcher(README)
        .results()
        .map(result -> result.group(1).strip())
        .toList();
  }
}
