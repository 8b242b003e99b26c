package org.vbus.bench.scale;

import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// A program that serves one vhost-user device at a socket.
///
/// @param name in reports
/// @param command in words
/// @param environment added to ours
/// @param socket where it will listen
/// @param guest attaches a guest to it
record Program(
    String name,
    List<String> command,
    Map<String, String> environment,
    Path socket,
    Function<Path, AutoCloseable> guest) {}
