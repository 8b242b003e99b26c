package org.vbus.connector.kvm.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.vbus.shm.Locality;
import org.vbus.shm.ShmSignal;

/// Signals that come late: from threads for which nobody waits when a region is closed.
class EventQueueTest {
  private static final int SIGNAL = 4096;

  private final North north = new North();
  private final EventQueue events = new EventQueue("vm1", north.interrupts::incrementAndGet);
  private final Region region =
      new Region(
          north.bus.plug("eth0", new EchoModel()).device(),
          Region.NO_QUEUE,
          new ShmSignal(north.memory, SIGNAL, Locality.SOUTH),
          7);

  @BeforeEach
  void unmask() {
    ShmSignal.format(north.memory, SIGNAL);
    north.memory.set(ValueLayout.JAVA_BYTE, SIGNAL + 8, (byte) 1);
  }

  @AfterEach
  void close() {
    north.close();
  }

  private byte[] written() {
    return north.memory.asSlice(SIGNAL + 9, 2).toArray(ValueLayout.JAVA_BYTE);
  }

  @Test
  void aSignalOfAnOpenRegionIsWrittenAndOwed() {
    events.signalUnlessClosed(region);
    assertThat(written()).containsExactly(1, 1);
    assertThat(events.withdraw(region)).isTrue();
  }

  @Test
  void aSignalThatComesAfterTheCloseWritesNothing() {
    events.close(region);
    events.signalUnlessClosed(region);
    assertThat(written()).containsExactly(0, 0);
    assertThat(events.withdraw(region)).isFalse();
  }

  @Test
  void aGuestThatClearsPendingItselfIsOwedOneSignalAllTheSame() {
    for (int i = 0; i < 10; i++) {
      events.signalUnlessClosed(region);
      north.memory.set(ValueLayout.JAVA_BYTE, SIGNAL + 9, (byte) 0);
    }
    assertThat(events.withdraw(region)).isTrue();
    assertThat(events.withdraw(region)).as("another").isFalse();
  }
}
