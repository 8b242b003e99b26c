package org.vbus.shm;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;
import org.vbus.shm.SteppedMemory.Access;
import org.vbus.shm.SteppedMemory.Kind;

/// Explores every interleaving of two sides over a store-buffer model of memory.
///
/// Stores enter their side's buffer and become visible to the other side at any later step; a side
/// sees its own at once. Under [Order#TSO] (x86) they leave in order. Under [Order#PSO] they leave
/// in any order except that stores to one place keep theirs and a release waits for all before it:
/// so a missing release shows. A fence waits for an empty buffer. Loads are not reordered. A
/// crossing of the boundary (RAISE) overtakes stores that are still buffered.
///
/// States are merged when memory, buffers, lines and both sides' histories agree; a store or a
/// fence that is free to go is taken at once, because nobody can see when it happens.
final class Explorer {
  enum Order {
    TSO,
    PSO
  }

  /// One side: real code over a [SteppedMemory], run from its start for every step.
  interface Side {
    void run();
  }

  /// A seeded bug: changes what an access does.
  interface Mutation {
    Mutation NONE = new Mutation() {};

    /// Whether a fence of `side`, whose last store was `last`, has no effect.
    default boolean drops(int side, Access last) {
      return false;
    }

    /// Whether the store becomes visible before all stores still buffered.
    default boolean hastens(int side, Access store) {
      return false;
    }

    /// Whether a release is an ordinary store.
    default boolean relaxes(int side, Access store) {
      return false;
    }
  }

  /// What must hold. Each method returns a complaint, or null.
  interface Check {
    /// When `side` makes a store visible, with memory as before it.
    default @Nullable String onVisible(int side, Access store, byte[] memory) {
      return null;
    }

    /// When nothing can move any more: both sides are finished or asleep.
    @Nullable String atRest(Side north, Side south, byte[] memory);
  }

  record Outcome(@Nullable String violation, int states, int rests) {}

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Actor(
      long[] results,
      long hash,
      Side side,
      @Nullable Access next,
      List<Access> buffer,
      Access last) {}

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record State(
      byte[] memory, int lines, Actor[] actors, @Nullable State before, String step) {}

  private static final Access NO_STORE = new Access(Kind.STORE, -1, 0, 0, false);

  private final byte[] image;
  private final List<Function<SteppedMemory, Side>> sides;
  private final Order order;
  private final Mutation mutation;
  private final Check check;

  private final Set<Long> seen = new HashSet<>();
  private final ArrayDeque<State> open = new ArrayDeque<>();
  private @Nullable String violation;
  private int rests;

  Explorer(
      byte[] image,
      Function<SteppedMemory, Side> north,
      Function<SteppedMemory, Side> south,
      Order order,
      Mutation mutation,
      Check check) {
    this.image = image.clone();
    this.sides = List.of(north, south);
    this.order = order;
    this.mutation = mutation;
    this.check = check;
  }

  /// Visits every state, or stops at the first violation.
  Outcome explore(int limit) {
    Actor[] actors = new Actor[2];
    for (int i = 0; i < 2; i++) {
      actors[i] = resume(i, new long[0], 1, List.of(), NO_STORE);
    }
    visit(new State(image, 0, actors, null, "start"));
    while (!open.isEmpty() && violation == null) {
      if (seen.size() > limit) {
        throw new IllegalStateException("more than " + limit + " states");
      }
      expand(open.pop());
    }
    return new Outcome(violation, seen.size(), rests);
  }

  private void expand(State state) {
    for (int i = 0; i < 2; i++) {
      Access next = state.actors[i].next;
      if (next != null && invisible(i, next, state.actors[i])) {
        execute(state, i, next);
        return;
      }
    }
    boolean moved = false;
    for (int i = 0; i < 2; i++) {
      Actor actor = state.actors[i];
      for (int entry = 0; entry < actor.buffer.size(); entry++) {
        if (mayLeave(actor.buffer, entry)) {
          drain(state, i, entry);
          moved = true;
        }
      }
      if (actor.next != null && enabled(state, actor.next)) {
        execute(state, i, actor.next);
        moved = true;
      }
    }
    if (!moved) {
      rests++;
      String complaint = check.atRest(state.actors[0].side, state.actors[1].side, state.memory);
      if (complaint != null) {
        violation = complaint + trace(state);
      }
    }
  }

  private boolean invisible(int i, Access next, Actor actor) {
    return next.kind() == Kind.STORE
        || (next.kind() == Kind.FENCE && (actor.buffer.isEmpty() || mutation.drops(i, actor.last)));
  }

  private static boolean enabled(State state, Access next) {
    return switch (next.kind()) {
      case LOAD, RAISE -> true;
      case AWAIT -> (state.lines & next.value()) != 0;
      case STORE, FENCE -> false;
    };
  }

  private boolean mayLeave(List<Access> buffer, int entry) {
    Access store = buffer.get(entry);
    if (entry == 0) {
      return true;
    }
    if (order == Order.TSO || store.release()) {
      return false;
    }
    for (Access earlier : buffer.subList(0, entry)) {
      if (earlier.touches(store.off(), store.size())) {
        return false;
      }
    }
    return true;
  }

  private void drain(State state, int i, int entry) {
    Actor actor = state.actors[i];
    Access store = actor.buffer.get(entry);
    String complaint = check.onVisible(i, store, state.memory);
    byte[] memory = state.memory.clone();
    for (int b = 0; b < store.size(); b++) {
      memory[(int) store.off() + b] = (byte) (store.value() >>> (8 * b));
    }
    List<Access> buffer = new ArrayList<>(actor.buffer);
    buffer.remove(entry);
    Actor moved = new Actor(actor.results, actor.hash, actor.side, actor.next, buffer, actor.last);
    State after = successor(state, memory, state.lines, i, moved, "visible " + store);
    if (complaint != null) {
      violation = complaint + trace(after);
    }
    visit(after);
  }

  private void execute(State state, int i, Access next) {
    Actor actor = state.actors[i];
    List<Access> buffer = actor.buffer;
    Access last = actor.last;
    int lines = state.lines;
    long result = 0;
    switch (next.kind()) {
      case LOAD -> result = load(state.memory, buffer, next);
      case STORE -> {
        Access store =
            mutation.relaxes(i, next)
                ? new Access(Kind.STORE, next.off(), next.size(), next.value(), false)
                : next;
        buffer = new ArrayList<>(buffer);
        buffer.add(mutation.hastens(i, next) ? 0 : buffer.size(), store);
        last = next;
      }
      case RAISE -> lines |= (int) next.value();
      case AWAIT -> {
        result = lines & next.value();
        lines &= ~(int) next.value();
      }
      case FENCE -> {}
    }
    long[] results = Arrays.copyOf(actor.results, actor.results.length + 1);
    results[results.length - 1] = result;
    Actor moved = resume(i, results, mix(actor.hash, result), buffer, last);
    visit(successor(state, state.memory, lines, i, moved, next + " = " + result));
  }

  private Actor resume(int i, long[] results, long hash, List<Access> buffer, Access last) {
    SteppedMemory memory = new SteppedMemory(results);
    Side side = sides.get(i).apply(memory);
    Access next = null;
    try {
      side.run();
    } catch (SteppedMemory.Stop _) {
      next = memory.next();
    }
    return new Actor(results, hash, side, next, buffer, last);
  }

  private static long load(byte[] memory, List<Access> buffer, Access load) {
    long value = 0;
    for (int b = 0; b < load.size(); b++) {
      long at = load.off() + b;
      byte seen = memory[(int) at];
      for (Access store : buffer) {
        if (store.touches(at, 1)) {
          seen = (byte) (store.value() >>> (8 * (at - store.off())));
        }
      }
      value |= (seen & 0xffL) << (8 * b);
    }
    return value;
  }

  private static State successor(
      State state, byte[] memory, int lines, int i, Actor moved, String step) {
    Actor[] actors = state.actors.clone();
    actors[i] = moved;
    return new State(memory, lines, actors, state, (i == 0 ? "north " : "south ") + step);
  }

  private void visit(State state) {
    long key = mix(state.lines, 0);
    for (Actor actor : state.actors) {
      key = mix(key, actor.hash);
      key = mix(key, actor.results.length);
      for (Access store : actor.buffer) {
        key = mix(key, store.off() << 8 | store.size() << 1 | (store.release() ? 1 : 0));
        key = mix(key, store.value());
      }
    }
    for (int at = 0; at < state.memory.length; at += 8) {
      long word = 0;
      for (int b = 0; b < 8; b++) {
        word = word << 8 | (state.memory[at + b] & 0xff);
      }
      key = mix(key, word);
    }
    if (seen.add(key)) {
      open.push(state);
    }
  }

  private static long mix(long hash, long value) {
    long z = (hash ^ value) * 0x9e3779b97f4a7c15L + 0x632be59bd9b4e019L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  private static String trace(State end) {
    StringBuilder text = new StringBuilder();
    for (State state = end; state != null; state = state.before) {
      text.insert(0, "\n  " + state.step);
    }
    return text.toString();
  }
}
