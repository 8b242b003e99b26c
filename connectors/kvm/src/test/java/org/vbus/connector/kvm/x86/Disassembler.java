package org.vbus.connector.kvm.x86;

import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.lang.ProcessBuilder.Redirect;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.opentest4j.AssertionFailedError;

/// objdump of binutils.
public final class Disassembler {
  private final String program;

  private Disassembler(String program) {
    this.program = program;
  }

  /// Skips the test, with the reason, where there is no objdump; under CI there has to be one.
  public static Disassembler required() {
    for (String directory : System.getenv("PATH").split(":", -1)) {
      Path program = Path.of(directory, "objdump");
      if (Files.isExecutable(program)) {
        return new Disassembler(program.toString());
      }
    }
    String reason = "no objdump: run tests/setup.sh, or install binutils";
    if ("true".equals(System.getenv("CI"))) {
      throw new AssertionFailedError(reason);
    }
    assumeTrue(false, reason);
    throw new AssertionError();
  }

  /// The instructions in `code`, Intel syntax, single spaces.
  public List<String> disassemble(byte[] code, long origin)
      throws IOException, InterruptedException {
    Path file = Files.createTempFile("code", ".bin");
    try {
      Files.write(file, code);
      Process process =
          new ProcessBuilder(
                  program,
                  "-D",
                  "-b",
                  "binary",
                  "-m",
                  "i386:x86-64",
                  "-M",
                  "intel",
                  "--no-show-raw-insn",
                  "--adjust-vma=" + origin,
                  file.toString())
              .redirectError(Redirect.INHERIT)
              .start();
      String text = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
      if (process.waitFor() != 0) {
        throw new IOException(program + " failed");
      }
      return text.lines()
          .filter(line -> line.matches("\\s+[0-9a-f]+:\\s.*"))
          .map(line -> line.replaceFirst("^\\s+[0-9a-f]+:\\s+", "").replaceAll("\\s+", " ").strip())
          .toList();
    } finally {
      Files.delete(file);
    }
  }
}
