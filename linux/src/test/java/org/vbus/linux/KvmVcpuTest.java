package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.FutureTask;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Guests of a few instructions: what they write arrives, what they read is answered, what they
/// wait for wakes them.
@Timeout(30)
final class KvmVcpuTest {
  @BeforeEach
  void kvmIsThere() {
    KvmGuest.assumeUsable();
  }

  @Test
  void writesToPortsArriveAndReadsOfThemAreAnswered() throws Exception {
    try (KvmGuest guest =
        new KvmGuest(
            """
            b8 78 56 34 12     mov eax, 0x12345678
            ef                 out dx, eax
            66 ef              out dx, ax
            ee                 out dx, al
            ed                 in eax, dx
            ef                 out dx, eax
            66 ed              in ax, dx
            ef                 out dx, eax
            ec                 in al, dx
            ef                 out dx, eax
            """)) {
      KvmExit exit = guest.vcpu.exit();
      assertThat(guest.said()).isEqualTo(0x1234_5678);
      assertThat(exit.ioSize()).isEqualTo(4);
      assertThat(exit.ioCount()).isEqualTo(1);
      assertThat(exit).hasToString("out to port 0x510, 4 bytes, value 0x12345678");
      assertThat(guest.said()).isEqualTo(0x5678);
      assertThat(exit.ioSize()).isEqualTo(2);
      assertThat(guest.said()).isEqualTo(0x78);
      assertThat(exit.ioSize()).isEqualTo(1);
      long[][] answers = {
        {0xffff_ffff_89ab_cdefL, 0x89ab_cdefL}, {0x1_2345L, 0x89ab_2345L}, {0x6_78L, 0x89ab_2378L}
      };
      for (long[] answer : answers) {
        assertThat(guest.vcpu.run()).isEqualTo(KvmExit.IO);
        assertThat(exit.ioIsWrite()).isFalse();
        assertThat(exit.ioPort()).isEqualTo(KvmGuest.PORT);
        exit.ioAnswer(answer[0]);
        assertThat(guest.said()).isEqualTo(answer[1]);
      }
    }
  }

  @Test
  void stringInputIsAnsweredAsAWhole() throws Exception {
    try (KvmGuest guest =
        new KvmGuest(
            """
            bf 00 00 04 00     mov edi, 0x40000
            b9 03 00 00 00     mov ecx, 3
            f3 6d              rep insd
            8b 47 fc           mov eax, [rdi - 4]
            ef                 out dx, eax
            8b 47 f4           mov eax, [rdi - 12]
            ef                 out dx, eax
            """)) {
      int reason = guest.vcpu.run();
      while (reason == KvmExit.IO && !guest.vcpu.exit().ioIsWrite()) {
        guest.vcpu.exit().ioAnswer(0x5eed);
        reason = guest.vcpu.run();
      }
      assertThat(guest.vcpu.exit().ioValue()).isEqualTo(0x5eed);
      assertThat(guest.said()).isEqualTo(0x5eed);
    }
  }

  @Test
  void accessesToAddressesWithoutMemoryArriveAndAreAnswered() throws Exception {
    try (KvmGuest guest =
        new KvmGuest(
            """
            8b 06              mov eax, [rsi]
            83 c0 01           add eax, 1
            89 46 04           mov [rsi + 4], eax
            66 89 46 08        mov [rsi + 8], ax
            48 8b 46 10        mov rax, [rsi + 16]
            48 89 46 18        mov [rsi + 24], rax
            """)) {
      KvmExit exit = guest.vcpu.exit();
      assertThat(guest.vcpu.run()).isEqualTo(KvmExit.MMIO);
      assertThat(exit.mmioIsWrite()).isFalse();
      assertThat(exit.mmioAddress()).isEqualTo(KvmGuest.DEVICE);
      assertThat(exit.mmioSize()).isEqualTo(4);
      exit.mmioAnswer(0xabcd_ef00_ffff_fffeL);
      assertMmioWrite(guest, 4, 4, 0xffff_ffffL);
      assertMmioWrite(guest, 8, 2, 0xffff);
      assertThat(exit).hasToString("write to 0xd0000008, 2 bytes, value 0xffff");
      assertThat(guest.vcpu.run()).isEqualTo(KvmExit.MMIO);
      assertThat(exit.mmioSize()).isEqualTo(8);
      exit.mmioAnswer(0x0123_4567_89ab_cdefL);
      assertMmioWrite(guest, 24, 8, 0x0123_4567_89ab_cdefL);
    }
  }

  private static void assertMmioWrite(KvmGuest guest, int offset, int size, long value) {
    KvmExit exit = guest.vcpu.exit();
    assertThat(guest.vcpu.run()).isEqualTo(KvmExit.MMIO);
    assertThat(exit.mmioIsWrite()).isTrue();
    assertThat(exit.mmioAddress()).isEqualTo(KvmGuest.DEVICE + offset);
    assertThat(exit.mmioSize()).isEqualTo(size);
    assertThat(exit.mmioValue()).isEqualTo(value);
  }

  @Test
  void registersAreWhatWasSetAndWhatTheGuestMadeOfThem() throws Exception {
    try (KvmGuest guest =
        new KvmGuest(
            """
            4d 89 f7           mov r15, r14
            48 ff c3           inc rbx
            ef                 out dx, eax
            """)) {
      KvmRegisters before = guest.vcpu.registers();
      KvmRegisters set =
          new KvmRegisters(
              1,
              2,
              3,
              KvmGuest.PORT,
              5,
              6,
              0x3_0000,
              8,
              9,
              10,
              11,
              12,
              13,
              14,
              15,
              16,
              before.rip(),
              before.rflags());
      guest.vcpu.registers(set);
      assertThat(guest.vcpu.registers()).isEqualTo(set);
      assertThat(guest.said()).isEqualTo(1);
      KvmRegisters after = guest.vcpu.registers();
      assertThat(after.rbx()).isEqualTo(3);
      assertThat(after.r15()).isEqualTo(15);
      assertThat(after.r14()).isEqualTo(15);
    }
  }

  @Test
  void cpuidNamesTheApicOfTheVcpu() throws Exception {
    String tellApicId =
        """
        b8 01 00 00 00     mov eax, 1
        0f a2              cpuid
        89 d8              mov eax, ebx
        c1 e8 18           shr eax, 24
        66 ba 10 05        mov dx, 0x510
        ef                 out dx, eax
        """;
    try (KvmGuest guest = new KvmGuest(tellApicId)) {
      assertThat(guest.said()).isZero();
      try (KvmVcpu second = guest.createVcpu(5)) {
        assertThat(second.run()).isEqualTo(KvmExit.IO);
        assertThat(second.exit().ioValue()).isEqualTo(5);
      }
    }
  }

  @Test
  void anEventDescriptorWakesAHaltedGuest() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.WAIT_FOR_INTERRUPTS);
        EventFd event = EventFd.create()) {
      guest.machine.routes(List.of(new KvmRoute(24, KvmGuest.LOCAL_APIC, KvmGuest.VECTOR)));
      guest.machine.irqfd(event, 24);
      assertInterrupts(guest, event::signal);
    }
  }

  @Test
  void aMessageWakesAHaltedGuest() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.WAIT_FOR_INTERRUPTS)) {
      assertInterrupts(
          guest,
          () ->
              assertThat(guest.machine.signalMsi(KvmGuest.LOCAL_APIC, KvmGuest.VECTOR))
                  .isPositive());
    }
  }

  private static void assertInterrupts(KvmGuest guest, Runnable interrupt) throws Exception {
    assertThat(guest.said()).as("the local APIC is on").isEqualTo(0x1ff);
    KvmStatistics statistics = guest.vcpu.statistics();
    for (int i = 0; i < 20; i++) {
      long halts = statistics.get("halt_exits");
      FutureTask<Long> said = start(guest::said);
      if (i % 2 == 0) {
        // Asleep as far as can be seen; the other rounds may meet it on its way.
        long deadline = System.nanoTime() + 100_000_000;
        while (statistics.get("halt_exits") == halts && System.nanoTime() < deadline) {
          Thread.onSpinWait();
        }
      }
      assertThat(said.isDone()).isFalse();
      interrupt.run();
      assertThat(said.get()).isEqualTo(KvmGuest.HANDLED);
    }
  }

  @Test
  void aDoorbellRingsWithoutAnExitWhenTheValueMatches() throws Exception {
    try (KvmGuest guest =
            new KvmGuest(
                """
                66 ba 00 c0        mov dx, 0xc000
                b8 03 00 00 00     mov eax, 3
                ef                 out dx, eax
                89 06              mov [rsi], eax
                b8 04 00 00 00     mov eax, 4
                ef                 out dx, eax
                89 06              mov [rsi], eax
                """);
        EventFd port = EventFd.create();
        EventFd mmio = EventFd.create()) {
      guest.machine.ioeventfd(port, KvmDoorbell.port(0xc000, 4).matching(3));
      guest.machine.ioeventfd(mmio, KvmDoorbell.mmio(KvmGuest.DEVICE, 4).matching(3));
      assertThat(guest.vcpu.run()).isEqualTo(KvmExit.IO);
      assertThat(guest.vcpu.exit().ioValue()).isEqualTo(4);
      assertThat(port.drain()).isEqualTo(1);
      assertThat(mmio.drain()).isEqualTo(1);
      assertThat(guest.vcpu.run()).isEqualTo(KvmExit.MMIO);
      assertThat(guest.vcpu.exit().mmioValue()).isEqualTo(4);
      assertThat(port.drain() + mmio.drain()).isZero();
    }
  }

  @Test
  void aGuestThatCannotGoOnShutsDown() throws Exception {
    try (KvmGuest guest = new KvmGuest("0f 0b              ud2, for which there is no handler")) {
      assertThat(guest.vcpu.run()).isIn(KvmExit.SHUTDOWN, KvmExit.INTERNAL_ERROR);
      assertThat(guest.vcpu.exit().toString()).matches("shutdown .*|internal error of KVM.*");
    }
  }

  @Test
  void exitsMoveTheStatistics() throws Exception {
    try (KvmGuest guest =
        new KvmGuest(
            """
            ef                 out dx, eax
            eb fd              jmp out
            """)) {
      KvmStatistics statistics = guest.vcpu.statistics();
      assertThat(guest.said()).isZero();
      if (statistics.names().isEmpty()) {
        assertThat(statistics.get("exits")).isEqualTo(-1);
        return;
      }
      assertThat(statistics.names())
          .contains("exits", "io_exits", "halt_exits")
          .doesNotHaveDuplicates();
      long[] values = new long[statistics.names().size()];
      assertThat(statistics.snapshot(values)).isEqualTo(values.length);
      long before = values[statistics.names().indexOf("exits")];
      for (int i = 0; i < 100; i++) {
        assertThat(guest.said()).isZero();
      }
      assertThat(statistics.get("exits") - before).isBetween(100L, 1_000L);
      assertThat(statistics.get("no such statistic")).isEqualTo(-1);
      assertThat(guest.machine.statistics().names()).doesNotContain("exits").isNotEmpty();
    }
  }

  @Test
  void virtualThreadsCannotRunAGuest() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.HALT)) {
      FutureTask<Integer> task = new FutureTask<>(guest.vcpu::run);
      Thread _ = Thread.ofVirtual().start(task);
      assertThatThrownBy(task::get)
          .isInstanceOf(ExecutionException.class)
          .hasRootCauseMessage("a vCPU needs a platform thread");
    }
  }

  private static <T> FutureTask<T> start(Callable<T> work) {
    FutureTask<T> task = new FutureTask<>(work);
    Thread _ = Thread.ofPlatform().daemon().start(task);
    return task;
  }
}
