package org.vbus.cli;

import static java.nio.charset.StandardCharsets.UTF_8;

import java.io.IOException;
import java.nio.file.Path;
import org.jspecify.annotations.Nullable;

/// The commit of the checkout from which this program runs.
final class Commit {
  private Commit() {}

  /// Its short name, with `-dirty` when files differ from it; null where there is no checkout.
  static @Nullable String here() {
    String modules = System.getProperty("jdk.module.path", "");
    try {
      Process git =
          new ProcessBuilder(
                  "git", "-C", Path.of(modules).toString(), "describe", "--always", "--dirty")
              .redirectError(ProcessBuilder.Redirect.DISCARD)
              .start();
      git.getOutputStream().close();
      String said = new String(git.getInputStream().readAllBytes(), UTF_8).strip();
      return git.waitFor() == 0 && !said.isEmpty() ? said : null;
    } catch (IOException e) {
      return null;
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
      return null;
    }
  }
}
