package org.vbus.bench.report;

import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;

/// Where and with what the figures were taken; a figure without it is not quoted.
///
/// @param cpu processor model of the host
/// @param cores processors available to the JVM
/// @param kernel operating system and kernel release
/// @param jdk runtime version and vendor
/// @param jvmFlags options that change how the JVM runs code
/// @param collector garbage collectors in use
/// @param version version of vbus
/// @param commit git commit of the sources, if known
/// @param date when the session started
/// @param notes anything else a reader must know to trust or repeat the figures
public record Environment(
    String cpu,
    int cores,
    String kernel,
    String jdk,
    List<String> jvmFlags,
    String collector,
    String version,
    @Nullable String commit,
    Instant date,
    List<String> notes) {

  /// Copies the lists.
  public Environment {
    jvmFlags = List.copyOf(jvmFlags);
    notes = List.copyOf(notes);
  }

  /// Describes this host and JVM, now. What cannot be read is `unknown`; nothing is thrown.
  ///
  /// @param version version of vbus
  /// @param commit git commit of the sources, if known
  /// @param notes further remarks; one is added if the host is itself a virtual machine
  public static Environment detect(String version, @Nullable String commit, List<String> notes) {
    return EnvironmentProbe.probe(version, commit, notes);
  }
}
