package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.reflect.Method;
import org.junit.jupiter.api.Test;

/// The data path allocates nothing, once compiled.
final class AllocationTest {
  private static final int CALLS = 30_000;

  @Test
  void signalWaitAndDrainAllocateNothing() throws Exception {
    try (Epoll epoll = Epoll.create(4);
        EventFd event = EventFd.create()) {
      epoll.add(event.fd(), Epoll.READABLE, 7);
      assertNoAllocation(() -> {
        for (int i = 0; i < CALLS; i++) {
          event.signal();
          if (epoll.await(0) != 1 || epoll.tag(0) != 7 || event.drain() != 1) {
            throw new AssertionError();
          }
        }
      });
    }
  }

  @Test
  void readAndWriteOfRangesAllocateNothingForAnyKindOfSegment() throws Exception {
    try (SharedMemory memory = SharedMemory.create("vbus-test", 1 << 16);
        Arena shared = Arena.ofShared();
        Arena confined = Arena.ofConfined();
        EventFd event = EventFd.create()) {
      MemorySegment[] buffers = {
        shared.allocate(4096),
        confined.allocate(4096),
        memory.segment(),
        memory.segment().asSlice(64)
      };
      buffers[0].set(JAVA_LONG, 8, 1);
      assertNoAllocation(() -> {
        for (int i = 0; i < CALLS; i++) {
          MemorySegment buffer = buffers[i % buffers.length];
          buffer.set(JAVA_LONG, 8, 1);
          if (event.fd().write(buffer, 8, 8) != 8
              || event.fd().read(buffer, 16, 8) != 8
              || event.fd().read(buffer, 16, 8) != -Errno.EAGAIN) {
            throw new AssertionError();
          }
        }
      });
    }
  }

  @Test
  void movingFramesThroughATapAllocatesNothing() throws Exception {
    try (PrivateNetns netns = PrivateNetns.create();
        Tap tap = Tap.open(TapOptions.named("t0").withNetns(netns.path()));
        Arena arena = Arena.ofShared()) {
      MemorySegment buffer = arena.allocate(4096);
      assertNoAllocation(() -> {
        for (int i = 0; i < CALLS; i++) {
          if (tap.write(buffer, 0, 12 + 60) != 72) {
            throw new AssertionError();
          }
          int _ = tap.read(buffer, 1024, 2048);
        }
      });
    }
  }

  @Test
  void runningAGuestAndAnsweringItAllocatesNothing() throws Exception {
    try (KvmGuest guest =
        new KvmGuest(
            """
            ed                 in eax, dx
            ef                 out dx, eax
            8b 06              mov eax, [rsi]
            89 06              mov [rsi], eax
            eb f8              jmp in
            """)) {
      assertNoAllocation(() -> {
        for (int i = 0; i < CALLS / 4; i++) {
          serve(guest, i);
        }
      });
    }
  }

  @Test
  void messagesAndStatisticsAllocateNothing() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.HALT)) {
      KvmStatistics statistics = guest.vcpu.statistics();
      long[] values = new long[statistics.names().size()];
      assertNoAllocation(() -> {
        for (int i = 0; i < CALLS; i++) {
          if (guest.machine.signalMsi(KvmGuest.LOCAL_APIC, KvmGuest.VECTOR) < 0
              || statistics.snapshot(values) != values.length) {
            throw new AssertionError();
          }
        }
      });
    }
  }

  /// Answers a read of a port and one of an address, and expects to see both answers written.
  private static void serve(KvmGuest guest, int answer) {
    KvmExit exit = guest.vcpu.exit();
    for (int access = 0; access < 4; access++) {
      int reason = guest.vcpu.run();
      if (reason == KvmExit.IO && exit.ioPort() == KvmGuest.PORT) {
        if (!exit.ioIsWrite()) {
          exit.ioAnswer(answer);
        } else if (exit.ioValue() != answer) {
          throw new AssertionError();
        }
      } else if (reason == KvmExit.MMIO && exit.mmioAddress() == KvmGuest.DEVICE) {
        if (!exit.mmioIsWrite()) {
          exit.mmioAnswer(~answer);
        } else if ((int) exit.mmioValue() != ~answer) {
          throw new AssertionError();
        }
      } else {
        throw new AssertionError();
      }
    }
  }

  private static void assertNoAllocation(Runnable burst) throws Exception {
    // Reflection instead of `requires jdk.management`, which only this test would need.
    Object bean =
        Class.forName("java.lang.management.ManagementFactory")
            .getMethod("getThreadMXBean")
            .invoke(null);
    Method allocated =
        Class.forName("com.sun.management.ThreadMXBean")
            .getMethod("getCurrentThreadAllocatedBytes");
    long least = Long.MAX_VALUE;
    for (int i = 0; i < 20 && least > 1_000; i++) {
      long before = (long) allocated.invoke(bean);
      burst.run();
      least = Math.min(least, (long) allocated.invoke(bean) - before);
    }
    // The two readings themselves cost a few dozen bytes.
    assertThat(least).isLessThan(1_000);
  }
}
