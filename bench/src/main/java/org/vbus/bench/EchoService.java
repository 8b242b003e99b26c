package org.vbus.bench;

import java.util.Arrays;
import java.util.List;
import org.HdrHistogram.Histogram;
import org.jspecify.annotations.Nullable;
import org.vbus.core.device.DeviceContext;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.device.DeviceSpec;
import org.vbus.core.device.QueueSpec;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;

/// A device that answers each request by itself, with the request's own bytes: however many are in
/// its queue, each becomes visible and may be signalled on its own, as by a disk or a network card.
///
/// It notes how long a place in the queue takes to come round: from one request to the one that is
/// `depth` requests later, which the guest can make only when it has seen the first one's answer.
/// So much of a closed loop's latency can be seen from here, without a clock in the guest.
final class EchoService implements DeviceModel {
  static final int DEVICE_ID = 0x3f01;

  private static final int REQUESTS = 0;
  private static final int QUEUE_SIZE = 256;
  private static final long LONGEST_NANOS = 60_000_000_000L;

  private final DeviceSpec spec =
      new DeviceSpec(DEVICE_ID, "echo", List.of(new QueueSpec("requests", QUEUE_SIZE, true)), 0);
  private final Chain chain = new Chain();
  private final long[] seen;
  private final Histogram turns = new Histogram(LONGEST_NANOS, 2);
  private int place;
  private @Nullable VirtQueue requests;

  /// @param depth requests the guest has in flight at most
  EchoService(int depth) {
    seen = new long[depth];
  }

  /// Adds what was noted since the last call to `to`. On the loop.
  void takeTurns(Histogram to) {
    to.add(turns);
    turns.reset();
  }

  /// Forgets what was noted. On the loop.
  void restart() {
    turns.reset();
    Arrays.fill(seen, 0);
  }

  @Override
  public DeviceSpec spec() {
    return spec;
  }

  @Override
  public void start(DeviceContext context) {
    requests = context.enabled(REQUESTS) ? context.queue(REQUESTS) : null;
  }

  @Override
  public int poll(int queue, int budget) {
    VirtQueue from = requests;
    if (from == null || !from.peek(chain)) {
      return 0;
    }
    note(System.nanoTime());
    int written = 0;
    for (int i = 0; i < chain.readablePieces(); i++) {
      written += chain.write(written, chain.segment(i), chain.offset(i), chain.length(i));
    }
    from.complete(chain, written);
    return 1;
  }

  private void note(long now) {
    long before = seen[place];
    seen[place] = now;
    place = place + 1 == seen.length ? 0 : place + 1;
    if (before != 0) {
      turns.recordValue(Math.clamp(now - before, 1, LONGEST_NANOS));
    }
  }

  @Override
  public void stop() {
    requests = null;
  }
}
