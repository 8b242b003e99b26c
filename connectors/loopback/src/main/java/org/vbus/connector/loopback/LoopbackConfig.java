package org.vbus.connector.loopback;

import org.vbus.stack.config.Bytes;
import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.Located;
import org.vbus.stack.config.Range;

/// A guest in this JVM.
///
/// @param guest the program it runs
/// @param memory bytes of its memory
public record LoopbackConfig(
    @Default("idle") @Doc("program the guest runs") Located<String> guest,
    @Default("64MiB") @Bytes @Range(min = 1 << 20, max = 1L << 40) @Doc("memory of the guest")
        long memory) {
  /// A guest of 64 MiB that runs `program`.
  public static LoopbackConfig running(String program) {
    return new LoopbackConfig(Located.of(program, "guest"), 64L << 20);
  }
}
