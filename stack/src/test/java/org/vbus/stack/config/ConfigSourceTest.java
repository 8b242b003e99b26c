package org.vbus.stack.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.jspecify.annotations.NullUnmarked;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.vbus.stack.config.Lab.LoopConfig;
import org.vbus.stack.config.Lab.StackConfig;
import org.vbus.stack.config.Lab.VenetConfig;

@NullUnmarked // map lookups of names that are in the text
class ConfigSourceTest {
  @TempDir Path dir;

  private Path write(String name, String text) throws IOException {
    Path file = dir.resolve(name);
    Files.createDirectories(file.getParent());
    return Files.writeString(file, text);
  }

  /// The message with the temporary directory cut away.
  private String failure(Path file, Class<? extends Record> type) {
    try {
      return "bound: " + RecordBinder.bind(ConfigSource.load(file), type);
    } catch (BadConfigException e) {
      return e.getMessage().replace(dir + "/", "");
    }
  }

  @ParameterizedTest
  @CsvSource(
      delimiter = '|',
      quoteCharacter = '`',
      value = {
        "a = 1~b { c = } | lab.conf:2: Expecting a value but got wrong token: '}'; text with such characters needs double quotes",
        "a {~ b = 1~ | lab.conf:3: unexpected end of file, a '{' or '(' is not closed",
        "a = 1~} | lab.conf:2: unbalanced close brace '}' with no open brace; text with such characters needs double quotes",
        "a = 1~mac = 52:54 | lab.conf:2: Expecting end of input or a comma, got ':'; text with such characters needs double quotes",
        "a = 1~~b = ${nope} | lab.conf:3: Could not resolve substitution to a value: ${nope}",
        "a = ${b}~b = ${a} | lab.conf:2: Could not resolve substitution to a value: ${a} was part of a cycle of substitutions involving ${b}, ${a}, ${b}",
        "[1, 2] | lab.conf:1: has type LIST rather than object at file root",
        "include \"none.conf\" | lab.conf:1: included file \"none.conf\": no such file",
        "a = 1~b { include required(file(\"none\")) } | lab.conf:2: included file \"none\": no such file",
        "a = 1~include url(\"http://localhost/x\") | lab.conf:2: only files can be included, not url(...)",
        "include classpath(\"x\") | lab.conf:1: only files can be included, not classpath(...)",
        "~include \"lab.conf\" | lab.conf:2: included file \"lab.conf\" includes itself",
        "include \"sub/../lab\" | lab.conf:1: included file \"lab.conf\" includes itself",
        "include \"sub\" | lab.conf:1: included file \"sub\": is a directory",
        "include \"sub/broken\" | sub/broken.conf:2: Expecting a value but got wrong token: ']'; text with such characters needs double quotes",
      })
  void reportsFaultsOfTheTextWithTheirLine(String text, String message) throws Exception {
    write("sub/broken.conf", "a = 1\nb = ]\n");
    Path file = write("lab.conf", text.replace('~', '\n'));

    assertThat(failure(file, StackConfig.class)).isEqualTo(message);
  }

  @Test
  void reportsFilesThatCannotBeRead() throws Exception {
    assertThat(failure(dir.resolve("none.conf"), StackConfig.class))
        .isEqualTo("none.conf: no such file");
    Files.createDirectory(dir.resolve("d.conf"));
    assertThat(failure(dir.resolve("d.conf"), StackConfig.class))
        .isEqualTo("d.conf: is a directory");
    Files.write(dir.resolve("latin1.conf"), new byte[] {'a', '=', (byte) 0xe4});
    assertThat(failure(dir.resolve("latin1.conf"), StackConfig.class))
        .isEqualTo("latin1.conf: is not UTF-8 text");
  }

  @Test
  void resolvesIncludesRelativeToTheIncludingFile() throws Exception {
    write("etc/loops.conf", "include \"more\"\naux { budget = 2 }");
    write("etc/more.conf", "fast { budget = 1, idle = spin }");
    Path file =
        write(
            "lab.conf",
            "loops { main {}, include \"etc/loops.conf\" }\nloops.aux.idle = spin\nbuses {}");

    StackConfig stack = RecordBinder.bind(ConfigSource.load(file), StackConfig.class);

    assertThat(stack.loops().keySet()).containsExactly("main", "aux", "fast");
    assertThat(stack.loops().get("aux")).isEqualTo(new LoopConfig(Lab.Idle.SPIN, 2));
  }

  @Test
  void namesTheIncludedFileForAValueWrittenThere() throws Exception {
    write("etc/base.conf", "\nswitch = lan\nmtu = 20");
    Path included = write("lab.conf", "include \"etc/base\"\nmac = x");
    assertThat(failure(included, VenetConfig.class))
        .isEqualTo(
            """
            etc/base.conf:3: mtu: expected a number from 68 to 65535, got 20
            lab.conf:2: mac: expected a MAC address such as 52:54:00:00:00:01, got "x\"\
            """);
  }

  @Test
  void blamesTheIncludingFileWhenABlockIsWrittenInTwo() throws Exception {
    write("base.conf", "\n\nbuses { vm1 { signals = ring } }");
    Path file = write("lab.conf", "include \"base.conf\"\nbuses { vm1 { devices {} } }");

    assertThat(failure(file, StackConfig.class))
        .isEqualTo(
            "lab.conf:2: buses.vm1: missing key \"connector\", expected a plug-in's name or one block with that name");
  }

  @Test
  void blamesTheLineASubstitutionTakesItsValueFrom() throws Exception {
    ConfigNode node =
        ConfigSource.parse("loops.main.budget = 7\nswitch = ${loops.main.budget}", "lab.conf");
    assertThat(node.at("switch").origin()).isEqualTo(new Origin("lab.conf", 1));
  }

  @Test
  void readsTheEnvironmentOnlyWhereTheFileAsksForIt() throws Exception {
    ConfigNode node =
        ConfigSource.parse("path = ${?PATH}\nnone = ${?VBUS_NO_SUCH_VARIABLE}", "lab.conf");
    assertThat(node.at("path").exists()).isTrue();
    assertThat(node.at("path").error("wrong")).hasMessage("env variables: path: wrong");
    assertThat(node.at("none").exists()).isFalse();
    assertThat(node.at("HOME").exists()).isFalse();
  }
}
