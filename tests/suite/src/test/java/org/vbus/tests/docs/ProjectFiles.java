package org.vbus.tests.docs;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Set;
import java.util.stream.Stream;

/// The sources of the project, as they are on disk.
final class ProjectFiles {
  private static final Set<String> NOT_SOURCES = Set.of("target", ".git", ".idea", ".vscode");

  private ProjectFiles() {}

  /// Where the parent POM is.
  static Path root() {
    Path dir = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(dir.resolve(".mvn"))) {
      dir = dir.getParent();
      if (dir == null) {
        throw new IllegalStateException("no .mvn directory above " + Path.of("").toAbsolutePath());
      }
    }
    return dir;
  }

  /// Text of a file named relative to the root.
  static String text(String path) {
    return text(root().resolve(path));
  }

  static String text(Path file) {
    try {
      return Files.readString(file);
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  /// All files whose name ends so, without what builds and editors made.
  static List<Path> endingIn(String suffix) {
    try (Stream<Path> below = Files.list(root())) {
      return below.flatMap(ProjectFiles::files).filter(f -> f.toString().endsWith(suffix)).toList();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }

  private static Stream<Path> files(Path path) {
    if (NOT_SOURCES.contains(path.getFileName().toString())) {
      return Stream.empty();
    }
    if (!Files.isDirectory(path)) {
      return Stream.of(path);
    }
    try (Stream<Path> below = Files.list(path)) {
      return below.flatMap(ProjectFiles::files).toList().stream();
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
  }
}
