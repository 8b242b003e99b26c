package org.vbus.tests.hostile;

import java.util.List;
import java.util.function.UnaryOperator;
import org.vbus.core.ring.SplitLayout;
import org.vbus.core.ring.VirtQueue.Addresses;

/// A queue put where no queue can be.
///
/// @param change makes a bad place of a good one; both are told where guest memory begins and ends
record BadPlace(String name, Change change) {
  /// From a good place to a bad one.
  interface Change {
    /// `start` and `end` are the bounds of guest memory.
    Addresses apply(Addresses good, long start, long end);
  }

  @Override
  public String toString() {
    return name;
  }

  /// All bad places.
  static List<BadPlace> all() {
    return List.of(
        desc("8 bytes off", a -> a + 8),
        desc("1 byte off", a -> a + 1),
        avail("1 byte off", a -> a + 1),
        used("2 bytes off", a -> a + 2),
        used("1 byte off", a -> a + 1),
        desc("at zero", a -> 0L),
        avail("at zero", a -> 0L),
        used("at zero", a -> 0L),
        desc("negative", a -> a | Long.MIN_VALUE),
        avail("negative", a -> a | Long.MIN_VALUE),
        used("all ones but aligned", a -> -16L),
        new BadPlace(
            "table over the end",
            (good, start, end) ->
                with(
                    good,
                    end - SplitLayout.descBytes(good.size()) + 16,
                    good.avail(),
                    good.used())),
        new BadPlace(
            "avail ring over the end",
            (good, start, end) ->
                with(
                    good, good.desc(), end - SplitLayout.availBytes(good.size()) + 2, good.used())),
        new BadPlace(
            "used ring over the end",
            (good, start, end) ->
                with(
                    good,
                    good.desc(),
                    good.avail(),
                    (end - SplitLayout.usedBytes(good.size()) & -4) + 4)),
        new BadPlace(
            "table from below",
            (good, start, end) -> with(good, start - 16, good.avail(), good.used())),
        new BadPlace(
            "used ring behind memory",
            (good, start, end) -> with(good, good.desc(), good.avail(), end)),
        size(0),
        size(3),
        size(-1),
        size(Integer.MIN_VALUE));
  }

  private static Addresses with(Addresses good, long desc, long avail, long used) {
    return new Addresses(good.size(), desc, avail, used);
  }

  private static BadPlace desc(String name, UnaryOperator<Long> move) {
    return new BadPlace(
        "table " + name,
        (good, start, end) -> with(good, move.apply(good.desc()), good.avail(), good.used()));
  }

  private static BadPlace avail(String name, UnaryOperator<Long> move) {
    return new BadPlace(
        "avail ring " + name,
        (good, start, end) -> with(good, good.desc(), move.apply(good.avail()), good.used()));
  }

  private static BadPlace used(String name, UnaryOperator<Long> move) {
    return new BadPlace(
        "used ring " + name,
        (good, start, end) -> with(good, good.desc(), good.avail(), move.apply(good.used())));
  }

  private static BadPlace size(int size) {
    return new BadPlace(
        "size " + size,
        (good, start, end) -> new Addresses(size, good.desc(), good.avail(), good.used()));
  }
}
