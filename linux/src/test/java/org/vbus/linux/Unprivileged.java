package org.vbus.linux;

import static java.lang.foreign.ValueLayout.ADDRESS;
import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.Callable;
import java.util.concurrent.FutureTask;

/// Runs work on a thread without any capability (capabilities(7)): capabilities belong to a thread,
/// so the rest of the JVM keeps them. Without root it just runs the work.
final class Unprivileged {
  private static final int LINUX_CAPABILITY_VERSION_3 = 0x20080522;

  private Unprivileged() {}

  static <T> T call(Callable<T> work) throws Exception {
    FutureTask<T> task =
        new FutureTask<>(() -> {
          dropCapabilities();
          return work.call();
        });
    Thread.ofPlatform().start(task);
    return task.get();
  }

  @SuppressWarnings("restricted")
  private static void dropCapabilities() {
    var capset =
        Linker.nativeLinker()
            .downcallHandle(
                Linker.nativeLinker().defaultLookup().findOrThrow("capset"),
                FunctionDescriptor.of(JAVA_INT, ADDRESS, ADDRESS));
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment header = arena.allocateFrom(JAVA_INT, LINUX_CAPABILITY_VERSION_3, 0);
      MemorySegment none = arena.allocate(JAVA_INT, 6);
      int result = (int) capset.invokeExact(header, none);
      if (result != 0) {
        throw new IllegalStateException("capset failed");
      }
    } catch (RuntimeException e) {
      throw e;
    } catch (Throwable t) {
      throw new AssertionError(t);
    }
  }
}
