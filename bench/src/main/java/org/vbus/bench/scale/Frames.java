package org.vbus.bench.scale;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.time.Duration;
import org.vbus.bench.BenchFailure;
import org.vbus.proxy.driver.NetDriver;

/// Frames of 60 bytes that go round among cards, each to the next one, as fast as they arrive.
/// Belongs to the guests' thread.
final class Frames implements AutoCloseable {
  private static final int FRAME = 60;
  private static final int STRIDE = 64;
  private static final int SENDER = 6;
  private static final int TYPE = 12;
  private static final int MAC_BYTES = 6;

  /// Ethertype for local experiments (IEEE 802).
  private static final short EXPERIMENT = (short) 0x88b5;

  /// Frames of one card in a row.
  private static final int BURST = 32;

  private static final long LIMIT_NANOS = 10_000_000_000L;
  private static final ValueLayout.OfShort BE_SHORT =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  private final Arena arena = Arena.ofConfined();
  private final Cards cards;
  private final int active;
  private final MemorySegment frames;

  /// Among the first `active` of `cards`, two at least.
  Frames(Cards cards, int active) {
    this.cards = cards;
    this.active = active;
    this.frames = arena.allocate((long) active * STRIDE, STRIDE);
    for (int i = 0; i < active; i++) {
      long at = (long) i * STRIDE;
      put(at, cards.card((i + 1) % active).mac());
      put(at + SENDER, cards.card(i).mac());
      frames.set(BE_SHORT, at + TYPE, EXPERIMENT);
    }
  }

  private void put(long at, long mac) {
    for (int i = 0; i < MAC_BYTES; i++) {
      frames.set(ValueLayout.JAVA_BYTE, at + i, (byte) (mac >>> (8 * (MAC_BYTES - 1 - i))));
    }
  }

  /// Lets the switch learn every address, by a frame of each card to itself, which it drops.
  static void introduce(Cards cards, int count) {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment frame = arena.allocate(FRAME);
      for (int i = 0; i < count; i++) {
        NetDriver card = cards.card(i);
        for (int b = 0; b < MAC_BYTES; b++) {
          byte part = (byte) (card.mac() >>> (8 * (MAC_BYTES - 1 - b)));
          frame.set(ValueLayout.JAVA_BYTE, b, part);
          frame.set(ValueLayout.JAVA_BYTE, SENDER + b, part);
        }
        frame.set(BE_SHORT, TYPE, EXPERIMENT);
        boolean _ = card.send(frame, 0, FRAME);
        card.flush();
        cards.poll(i);
      }
    }
  }

  /// Sends for a while.
  ///
  /// @return frames that arrived, per second
  /// @throws BenchFailure when none does
  double rate(Duration warmUp, Duration window) {
    long _ = run(warmUp.toNanos());
    long before = received();
    long nanos = run(window.toNanos());
    // On a busy machine the host may not have had its turn yet.
    while (received() == before && nanos < LIMIT_NANOS) {
      nanos += run(window.toNanos());
    }
    long arrived = received() - before;
    if (arrived == 0) {
      throw new BenchFailure("no frame arrives among %d cards".formatted(active));
    }
    return arrived * 1e9 / nanos;
  }

  private long run(long nanos) {
    long start = System.nanoTime();
    long now = start;
    while (now - start < nanos) {
      for (int i = 0; i < active; i++) {
        NetDriver card = cards.card(i);
        for (int n = 0; n < BURST && card.send(frames, (long) i * STRIDE, FRAME); n++) {}
        card.flush();
        cards.poll(i);
      }
      now = System.nanoTime();
    }
    return now - start;
  }

  private long received() {
    long sum = 0;
    for (int i = 0; i < active; i++) {
      sum += cards.card(i).received();
    }
    return sum;
  }

  @Override
  public void close() {
    arena.close();
  }
}
