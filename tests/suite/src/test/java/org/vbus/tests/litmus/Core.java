package org.vbus.tests.litmus;

import org.jspecify.annotations.Nullable;

/// What a program of a [StoreBuffers] model may do to memory and to the other programs.
///
/// A program is run from its start for each of its steps: operations that were done before return
/// what they returned then, the next one stops it.
final class Core {
  enum Kind {
    LOAD,
    STORE,
    COMPARE_AND_SET,
    SWAP,
    OR,
    FENCE,
    RAISE,
    AWAIT
  }

  /// One operation; `cell` is a line for RAISE and AWAIT.
  record Op(Kind kind, int cell, int value, int expected, boolean release) {
    @Override
    public String toString() {
      return kind + (kind == Kind.FENCE ? "" : " " + cell + " value " + value);
    }
  }

  /// The program has reached its next operation.
  static final class Stop extends RuntimeException {
    private static final long serialVersionUID = 1;

    Stop() {
      super(null, null, false, false);
    }
  }

  /// The program has seen what it must not see.
  static final class Broken extends RuntimeException {
    private static final long serialVersionUID = 1;

    Broken(String complaint) {
      super(complaint, null, false, false);
    }
  }

  private final int[] results;
  private int position;
  private long history = 1;
  private @Nullable Op next;

  Core(int[] results) {
    this.results = results;
  }

  /// The operation that comes after all known results, or null when the program ended.
  @Nullable Op next() {
    return next;
  }

  private int perform(Kind kind, int cell, int value, int expected, boolean release) {
    if (position < results.length) {
      int result = results[position++];
      history = mix(history, result);
      return result;
    }
    next = new Op(kind, cell, value, expected, release);
    throw new Stop();
  }

  /// Stands for all that the program may still remember: the locals of its last [#loop(int...)] and
  /// what its operations have returned since.
  long history() {
    return history;
  }

  /// The program is at the head of its only loop and remembers nothing but `locals`.
  void loop(int... locals) {
    history = 2;
    for (int local : locals) {
      history = mix(history, local);
    }
  }

  static long mix(long hash, long value) {
    long z = (hash ^ value) * 0x9e3779b97f4a7c15L + 0x632be59bd9b4e019L;
    z = (z ^ (z >>> 30)) * 0xbf58476d1ce4e5b9L;
    z = (z ^ (z >>> 27)) * 0x94d049bb133111ebL;
    return z ^ (z >>> 31);
  }

  int load(int cell) {
    return perform(Kind.LOAD, cell, 0, 0, false);
  }

  /// A plain or opaque store.
  void store(int cell, int value) {
    perform(Kind.STORE, cell, value, 0, false);
  }

  /// A store that no earlier one may follow.
  void release(int cell, int value) {
    perform(Kind.STORE, cell, value, 0, true);
  }

  /// Atomic, and a fence.
  boolean compareAndSet(int cell, int expected, int value) {
    return perform(Kind.COMPARE_AND_SET, cell, value, expected, true) == expected;
  }

  /// Atomic, and a fence; what was there.
  int swap(int cell, int value) {
    return perform(Kind.SWAP, cell, value, 0, true);
  }

  /// Atomic, and a fence; what was there.
  int or(int cell, int bits) {
    return perform(Kind.OR, cell, bits, 0, true);
  }

  void fence() {
    perform(Kind.FENCE, 0, 0, 0, false);
  }

  /// Raises a line at once, overtaking stores that are still buffered.
  void raise(int line) {
    perform(Kind.RAISE, line, 0, 0, false);
  }

  /// Sleeps until the line is up, and takes it down.
  void await(int line) {
    perform(Kind.AWAIT, line, 0, 0, false);
  }

  /// Ends the exploration with `complaint` unless `ok`.
  void check(boolean ok, String complaint) {
    if (!ok) {
      throw new Broken(complaint);
    }
  }
}
