package org.vbus.proxy.cpu;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicIntegerArray;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vbus.core.ledger.Event;

@Timeout(60)
class GuestCpuTest {
  private final GuestCpu cpu = new GuestCpu();
  private final List<Integer> taken = new ArrayList<>();

  GuestCpuTest() {
    cpu.bind();
    for (int vector : new int[] {0, 5, 63, 64, 255}) {
      cpu.handler(vector, () -> taken.add(vector));
    }
  }

  @Test
  void pendingInterruptsAreTakenAtTheNextInstructionBoundaryHigherVectorsFirst() {
    for (int vector : new int[] {5, 255, 0, 64, 63}) {
      cpu.interrupt(vector);
    }
    assertThat(taken).isEmpty();
    cpu.step();

    assertThat(taken).containsExactly(255, 64, 63, 5, 0);
    assertThat(cpu.ledger().get(Event.INTERRUPTS)).isEqualTo(5);
  }

  @Test
  void interruptsThatArePendingMerge() {
    cpu.interrupt(5);
    cpu.interrupt(5);
    cpu.step();
    cpu.step();

    assertThat(taken).containsExactly(5);
  }

  @Test
  void disabledInterruptsStayPending() {
    cpu.disable();
    cpu.interrupt(5);
    cpu.step();
    assertThat(taken).isEmpty();

    cpu.enable();
    assertThat(taken).containsExactly(5);
  }

  @Test
  void aHandlerIsNotInterruptedAndWhatComesMeanwhileIsTakenNext() {
    cpu.handler(
        5,
        () -> {
          taken.add(5);
          cpu.interrupt(255);
          cpu.step();
          assertThat(taken).containsExactly(5);
        });
    cpu.interrupt(5);
    cpu.step();
    cpu.step();

    assertThat(taken).containsExactly(5, 255);
  }

  @Test
  void aHaltWithAnInterruptPendingDoesNotStop() {
    cpu.interrupt(5);
    cpu.halt();

    assertThat(taken).containsExactly(5);
    assertThat(cpu.ledger().get(Event.HALTS)).isZero();
  }

  @Test
  void aHaltEnablesInterruptsAndEndsWithTheTimer() {
    cpu.disable();
    cpu.halt(1_000_000);
    assertThat(cpu.ledger().get(Event.HALTS)).isEqualTo(1);
    assertThat(cpu.ledger().get(Event.WAKES)).isZero();
    cpu.interrupt(5);
    cpu.step();

    assertThat(taken).containsExactly(5);
  }

  @Test
  void vectorsThatDoNotExistAreIgnored() {
    cpu.interrupt(-1);
    cpu.interrupt(GuestCpu.VECTORS);
    cpu.interrupt(7);
    cpu.step();

    assertThat(taken).isEmpty();
  }

  @Test
  void noInterruptIsLostBetweenALookAndAHalt() throws InterruptedException {
    int senders = 3;
    int rounds = 30_000;
    AtomicIntegerArray sent = new AtomicIntegerArray(senders);
    AtomicIntegerArray seen = new AtomicIntegerArray(senders);
    for (int i = 0; i < senders; i++) {
      int sender = i;
      // Two of them share a word of the pending set, one has its own.
      cpu.handler(100 + sender * 20, () -> seen.set(sender, sent.get(sender)));
    }
    List<Thread> threads = new ArrayList<>();
    for (int i = 0; i < senders; i++) {
      int sender = i;
      threads.add(
          Thread.ofPlatform()
              .start(() -> {
                for (int n = 1; n <= rounds; n++) {
                  sent.set(sender, n);
                  cpu.interrupt(100 + sender * 20);
                  if (n % 3 == 0) {
                    while (seen.get(sender) < n) {
                      Thread.onSpinWait();
                    }
                  }
                }
              }));
    }
    while (seen.get(0) < rounds || seen.get(1) < rounds || seen.get(2) < rounds) {
      long before = System.nanoTime();
      cpu.halt(TimeUnit.SECONDS.toNanos(10));
      assertThat(System.nanoTime() - before)
          .as("slept through an interrupt: sent %s, seen %s", sent, seen)
          .isLessThan(TimeUnit.SECONDS.toNanos(10));
    }
    for (Thread thread : threads) {
      thread.join();
    }
  }
}
