package org.vbus.tests.litmus;

import static org.vbus.tests.litmus.Core.mix;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;
import org.vbus.tests.litmus.Core.Kind;
import org.vbus.tests.litmus.Core.Op;

/// Explores all interleavings of some programs. Every program has to come to its end: one that
/// sleeps when nothing can move any more has lost its wake-up.
///
/// Stores enter their program's buffer and reach memory at any later step. Under [Order#TSO] (x86)
/// they leave in order; under [Order#PSO] in any order, except that stores to one cell keep theirs
/// and a release leaves after all before it, so a missing release shows. Loads are done in order: a
/// missing acquire is seeded by loading earlier.
///
/// A store into the buffer and a fence that need not wait are done at once, because nobody can see
/// when they happen.
final class StoreBuffers {
  enum Order {
    TSO,
    PSO
  }

  /// Steps of one actor: a function of what its operations return.
  interface Program extends Consumer<Core> {}

  /// What the exploration found: a complaint with the steps that lead to it, or null.
  record Outcome(@Nullable String violation, int states, int ends) {}

  private static final int MAX_STATES = 1_000_000;

  /// A program at its next operation, null when it ended.
  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record Actor(int[] results, long history, @Nullable Op next, List<Op> buffer) {}

  @SuppressWarnings("ArrayRecordComponent") // never compared
  private record State(
      int[] memory, int lines, Actor[] actors, @Nullable State before, int who, Op step) {}

  private static final Op START = new Op(Kind.FENCE, 0, 0, 0, false);

  private final List<Program> programs;
  private final Order order;
  private final Set<Long> seen = new HashSet<>();
  private final ArrayDeque<State> open = new ArrayDeque<>();
  private @Nullable String violation;
  private int ends;

  private StoreBuffers(Order order, List<Program> programs) {
    this.order = order;
    this.programs = programs;
  }

  /// Visits every state from `memory` on, or stops at the first violation.
  static Outcome explore(Order order, int[] memory, Program... programs) {
    return new StoreBuffers(order, List.of(programs)).explore(memory);
  }

  private Outcome explore(int[] memory) {
    Actor[] actors = new Actor[programs.size()];
    State start = new State(memory, 0, actors, null, 0, START);
    for (int i = 0; i < actors.length; i++) {
      actors[i] = resume(i, new int[0], List.of(), start);
    }
    visit(start);
    while (!open.isEmpty() && violation == null) {
      if (seen.size() > MAX_STATES) {
        throw new IllegalStateException("more than " + MAX_STATES + " states");
      }
      expand(open.pop());
    }
    return new Outcome(violation, seen.size(), ends);
  }

  private void expand(State state) {
    for (int i = 0; i < state.actors.length; i++) {
      Actor actor = state.actors[i];
      Op next = actor.next;
      if (next != null
          && (next.kind() == Kind.STORE || (next.kind() == Kind.FENCE && actor.buffer.isEmpty()))) {
        execute(state, i, next);
        return;
      }
    }
    boolean moved = false;
    boolean asleep = false;
    for (int i = 0; i < state.actors.length; i++) {
      Actor actor = state.actors[i];
      for (int entry = 0; entry < actor.buffer.size(); entry++) {
        if (mayLeave(actor.buffer, entry)) {
          drain(state, i, entry);
          moved = true;
        }
      }
      Op next = actor.next;
      asleep |= next != null;
      if (next != null && enabled(state, actor, next)) {
        execute(state, i, next);
        moved = true;
      }
    }
    if (!moved) {
      ends++;
      if (asleep) {
        violation = "lost wake-up" + trace(state);
      }
    }
  }

  private static boolean enabled(State state, Actor actor, Op next) {
    return switch (next.kind()) {
      case LOAD, RAISE -> true;
      case AWAIT -> (state.lines & 1 << next.cell()) != 0;
      case COMPARE_AND_SET, SWAP, OR -> actor.buffer.isEmpty();
      case STORE, FENCE -> false;
    };
  }

  private boolean mayLeave(List<Op> buffer, int entry) {
    Op store = buffer.get(entry);
    return entry == 0
        || (order == Order.PSO
            && !store.release()
            && buffer.subList(0, entry).stream().noneMatch(o -> o.cell() == store.cell()));
  }

  private void drain(State state, int i, int entry) {
    Actor actor = state.actors[i];
    Op store = actor.buffer.get(entry);
    int[] memory = state.memory.clone();
    memory[store.cell()] = store.value();
    List<Op> buffer = new ArrayList<>(actor.buffer);
    buffer.remove(entry);
    visit(
        successor(
            state,
            memory,
            state.lines,
            i,
            store,
            new Actor(actor.results, actor.history, actor.next, buffer)));
  }

  private void execute(State state, int i, Op next) {
    Actor actor = state.actors[i];
    List<Op> buffer = actor.buffer;
    int[] memory = state.memory;
    int lines = state.lines;
    int result = 0;
    switch (next.kind()) {
      case LOAD -> {
        result = memory[next.cell()];
        for (Op store : buffer) {
          result = store.cell() == next.cell() ? store.value() : result;
        }
      }
      case STORE -> {
        buffer = new ArrayList<>(buffer);
        buffer.add(next);
      }
      case COMPARE_AND_SET, SWAP, OR -> {
        result = memory[next.cell()];
        memory = memory.clone();
        memory[next.cell()] = modified(next, result);
      }
      case FENCE -> {}
      case RAISE -> lines |= 1 << next.cell();
      case AWAIT -> lines &= ~(1 << next.cell());
    }
    int[] results = Arrays.copyOf(actor.results, actor.results.length + 1);
    results[results.length - 1] = result;
    Actor resumed = resume(i, results, buffer, state);
    visit(successor(state, memory, lines, i, next, resumed));
  }

  private static int modified(Op op, int before) {
    return switch (op.kind()) {
      case OR -> before | op.value();
      case COMPARE_AND_SET -> before == op.expected() ? op.value() : before;
      default -> op.value();
    };
  }

  private Actor resume(int i, int[] results, List<Op> buffer, State state) {
    Core core = new Core(results);
    try {
      programs.get(i).accept(core);
    } catch (Core.Stop _) {
      return new Actor(results, core.history(), core.next(), buffer);
    } catch (Core.Broken broken) {
      violation = broken.getMessage() + trace(state);
    }
    return new Actor(results, 0, null, buffer);
  }

  private static State successor(
      State state, int[] memory, int lines, int i, Op step, Actor moved) {
    Actor[] actors = state.actors.clone();
    actors[i] = moved;
    return new State(memory, lines, actors, state, i, step);
  }

  private void visit(State state) {
    long key = mix(state.lines, 0);
    for (Actor actor : state.actors) {
      key = mix(key, actor.history);
      for (Op store : actor.buffer) {
        key = mix(mix(key, store.cell() << 1 | (store.release() ? 1 : 0)), store.value());
      }
      key = mix(key, -1);
    }
    for (int cell : state.memory) {
      key = mix(key, cell);
    }
    if (seen.add(key)) {
      open.push(state);
    }
  }

  private static String trace(State end) {
    StringBuilder text = new StringBuilder();
    for (State state = end; state != null; state = state.before) {
      String step = state.step.toString();
      text.insert(0, "\n  program " + state.who + ": " + step);
    }
    return text.toString();
  }
}
