package org.vbus.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// What callers of a loop may rely on while it ends.
@Timeout(value = 60, unit = TimeUnit.SECONDS)
class PollLoopCloseTest {
  private static void awaitRest(Thread thread) {
    while (thread.getState() != Thread.State.WAITING && thread.isAlive()) {
      Thread.onSpinWait();
    }
  }

  @Test
  void removeWaitsForTheLastPassOfALoopThatIsBeingClosed() throws InterruptedException {
    CountDownLatch polling = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    Pollable pollable =
        budget -> {
          polling.countDown();
          try {
            go.await();
          } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
          }
          return 1;
        };
    PollLoop loop = new PollLoop("ending", new ParkWaiter(), Idle.BLOCK);
    loop.add(pollable);
    loop.start();
    polling.await();
    Thread closer = Thread.ofPlatform().daemon().start(loop::close);
    awaitRest(closer);
    Thread remover = Thread.ofPlatform().daemon().start(() -> loop.remove(pollable));
    awaitRest(remover);

    assertThat(remover.isAlive()).as("remove waits while the pollable is polled").isTrue();

    go.countDown();
    remover.join();
    closer.join();
  }

  @Test
  void commandsAreRunByTheirCallerOnceTheLoopIsClosed() {
    PollLoop loop = new PollLoop("closed", new ParkWaiter(), Idle.BLOCK);
    loop.start();
    loop.close();
    Thread[] runner = new Thread[1];

    loop.execute(() -> runner[0] = Thread.currentThread());

    assertThat(runner[0]).isSameAs(Thread.currentThread());
  }
}
