package org.vbus.bench.peers;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.Deque;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;
import org.vbus.bench.BenchFailure;

/// The processes of a comparison and the directory in which they meet. All end with it, and with
/// this JVM: on SIGINT and SIGTERM too.
///
/// Each is the leader of a session of its own, so that an interrupt from the terminal reaches this
/// JVM alone, and so that the scheduler weighs it by itself.
public final class Children implements AutoCloseable {
  private final Path dir;
  private final Deque<Child> children = new ArrayDeque<>();
  private final List<Runnable> afterwards = new ArrayList<>();
  private final Thread hook = new Thread(this::end, "end-of-peers");
  private boolean ended;
  private int number;

  /// None yet; a temporary directory.
  ///
  /// @throws BenchFailure when that cannot be made
  public Children() {
    try {
      dir = Files.createTempDirectory("vbus-peers");
    } catch (IOException e) {
      throw new BenchFailure("cannot make a temporary directory: " + e.getMessage(), e);
    }
    Runtime.getRuntime().addShutdownHook(hook);
  }

  /// Where sockets and logs are.
  public Path dir() {
    return dir;
  }

  /// Starts a program.
  ///
  /// @param environment added to ours
  /// @throws BenchFailure when it cannot be started
  public synchronized Child start(
      String name, List<String> command, Map<String, String> environment) {
    if (ended) {
      throw new BenchFailure("interrupted");
    }
    List<String> words = new ArrayList<>(List.of("setsid"));
    words.addAll(command);
    Path log = dir.resolve(name + "-" + number++ + ".log");
    ProcessBuilder builder = new ProcessBuilder(words).redirectErrorStream(true);
    builder.environment().putAll(environment);
    try {
      Child child = new Child(name, builder.redirectOutput(log.toFile()).start(), log);
      children.push(child);
      return child;
    } catch (IOException e) {
      throw new BenchFailure("cannot start " + name + ": " + e.getMessage(), e);
    }
  }

  /// Ends one, at once.
  public void end(Child child) {
    child.kill();
    synchronized (this) {
      children.remove(child);
    }
  }

  /// To be done at the end, after the last child has ended.
  public synchronized void afterwards(Runnable action) {
    afterwards.add(action);
  }

  private synchronized void end() {
    if (ended) {
      return;
    }
    ended = true;
    children.forEach(Child::kill);
    children.clear();
    afterwards.forEach(Runnable::run);
    try (Stream<Path> files = Files.walk(dir)) {
      for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
        Files.deleteIfExists(file);
      }
    } catch (IOException _) {
      // What is left is in a temporary directory.
    }
  }

  @Override
  public void close() {
    end();
    try {
      Runtime.getRuntime().removeShutdownHook(hook);
    } catch (IllegalStateException _) {
      // The JVM is on its way out, by this hook.
    }
  }
}
