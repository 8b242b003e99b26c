package org.vbus.shm;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/// A small world for the [Explorer]: the memory as north formats it, the two sides and what must
/// hold at rest. South gives every source's data cell its next value and signals; north must have
/// seen the last value of each.
abstract class Scenario {
  /// Line of the interrupt of level 0; level 1 has the next one.
  static final int IRQ = 1;

  static final int KICK = 1 << 8;

  private static final int MAX_STATES = 1_000_000;

  final long dataOff;
  final int sources;
  final byte[] image;

  Scenario(long structures, int sources, Consumer<MemorySegment> format) {
    this.dataOff = structures;
    this.sources = sources;
    long size = structures + 8L * sources;
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment segment = arena.allocate(size, 64);
      format.accept(segment);
      this.image = segment.toArray(ValueLayout.JAVA_BYTE);
    }
  }

  abstract North north(SteppedMemory memory);

  abstract South south(SteppedMemory memory);

  /// A complaint if both sides rest although something is left to do.
  abstract @Nullable String leftover(byte[] memory);

  /// A complaint if `store` hits a descriptor or event that its side does not own.
  @Nullable String trespass(int side, SteppedMemory.Access store, byte[] memory) {
    return null;
  }

  /// Explores; stops at the first complaint that contains `wanted`.
  Explorer.Outcome explore(Explorer.Order order, Explorer.Mutation mutation, String wanted) {
    Explorer.Check check =
        new Explorer.Check() {
          @Override
          public @Nullable String onVisible(int side, SteppedMemory.Access store, byte[] memory) {
            return wanted(trespass(side, store, memory));
          }

          @Override
          public @Nullable String atRest(Explorer.Side north, Explorer.Side south, byte[] memory) {
            String complaint = wanted(compare((North) north, (South) south));
            return complaint != null ? complaint : wanted(leftover(memory));
          }

          private @Nullable String wanted(@Nullable String complaint) {
            return complaint != null && complaint.contains(wanted) ? complaint : null;
          }
        };
    return new Explorer(image, this::north, this::south, order, mutation, check)
        .explore(MAX_STATES);
  }

  private static @Nullable String compare(North north, South south) {
    if (!south.complaints.isEmpty()) {
      return south.complaints.toString();
    }
    if (!north.foreign.isEmpty()) {
      return "events nobody sent: " + north.foreign;
    }
    if (!Arrays.equals(north.seen, south.sent)) {
      return "lost wake-up: north saw "
          + Arrays.toString(north.seen)
          + " of "
          + Arrays.toString(south.sent);
    }
    return null;
  }

  /// What north learned.
  abstract class North implements Explorer.Side, EventHandler {
    final SteppedMemory memory;
    final long[] seen = new long[sources];
    final List<String> foreign = new ArrayList<>();

    North(SteppedMemory memory) {
      this.memory = memory;
    }

    void look(int source) {
      seen[source] = memory.le64(dataOff + 8L * source);
    }

    @Override
    public void signal(long handle) {
      look((int) handle);
    }

    @Override
    public void deviceAdded(long id, String type) {
      foreign.add("added " + id);
    }

    @Override
    public void deviceDropped(long handle) {
      look((int) handle);
    }

    @Override
    public void signalClosed(long handle) {
      foreign.add("closed " + handle);
    }
  }

  /// What south sent.
  abstract class South implements Explorer.Side {
    final SteppedMemory memory;
    final long[] sent = new long[sources];
    final List<String> complaints = new ArrayList<>();

    South(SteppedMemory memory) {
      this.memory = memory;
    }

    void change(int source) {
      sent[source]++;
      memory.le64(dataOff + 8L * source, sent[source]);
    }

    void cross(Delivery delivery, int line) {
      if (delivery == Delivery.INTERRUPT) {
        memory.raise(line);
      } else if (delivery == Delivery.FULL || delivery == Delivery.REFUSED) {
        complaints.add("south got " + delivery);
      }
    }
  }
}
