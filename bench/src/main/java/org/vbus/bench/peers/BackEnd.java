package org.vbus.bench.peers;

import java.nio.file.Path;
import java.util.List;

/// One side of a comparison: a process that polls on the first processor and connects to the
/// sockets of whatever front-end appears there. It outlives front-ends and is stopped (SIGSTOP)
/// while the other side has its turn.
public interface BackEnd extends AutoCloseable {
  /// Where it connects to.
  List<Path> sockets();

  /// The process that polls.
  Child process();

  /// Part of the names of its polling threads.
  String thread();

  /// What it is, with its version.
  String version();

  /// Ends it.
  @Override
  void close();
}
