package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

final class EventFdTest {
  @Test
  void aDrainTakesAllSignalsAtOnce() throws Exception {
    try (EventFd event = EventFd.create()) {
      assertThat(event.drain()).isZero();
      event.signal();
      event.signal();
      event.signal();
      assertThat(event.drain()).isEqualTo(3);
      assertThat(event.drain()).isZero();
    }
  }

  @Test
  void signalsAfterCloseAreDropped() throws Exception {
    EventFd event = EventFd.create();
    event.close();
    try (EventFd heir = EventFd.create()) {
      event.signal();
      assertThat(heir.drain()).isZero();
      assertThat(event.drain()).isZero();
    }
  }

  @Test
  void noSignalFromManyThreadsIsLost() throws Exception {
    int threads = 4;
    int each = 20_000;
    try (EventFd event = EventFd.create()) {
      Thread[] signallers = new Thread[threads];
      for (int t = 0; t < threads; t++) {
        signallers[t] =
            Thread.ofPlatform()
                .start(() -> {
                  for (int i = 0; i < each; i++) {
                    event.signal();
                  }
                });
      }
      long seen = 0;
      while (seen < (long) threads * each) {
        long drained = event.drain();
        if (drained == 0) {
          Thread.onSpinWait();
        }
        seen += drained;
      }
      for (Thread signaller : signallers) {
        signaller.join();
      }
      assertThat(seen).isEqualTo((long) threads * each);
      assertThat(event.drain()).isZero();
    }
  }
}
