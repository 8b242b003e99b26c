package org.vbus.core.loop;

import java.util.Arrays;

/// What a loop polls, and which of it is worth a look in every pass.
///
/// Of a few all are. Of many only those that had work a moment ago, and of the rest a slice in each
/// pass, in turn: a pass costs what there is to do, however many devices do nothing.
///
/// ```
///   all    0 1 2 3 4 5 6 7 8 ...      every pass, while there are no more than FEW
///   busy     1         6              every pass
///   slice      2 3 4 5                this pass; the next one begins at 6
/// ```
///
/// Likewise kicks: a few are asked for them when the loop falls asleep and told that they are not
/// needed when it wakes. Of many, those that have no work stay asked, as most would be asked again
/// at once; a kick that comes while the loop is awake changes nothing.
///
/// Used on the loop's thread. A change ends the pass under way, see [#changes()].
final class Roster {
  /// So many are polled in every pass.
  static final int FEW = 64;

  /// Pollables without work that a pass looks at when there are more.
  static final int SLICE = 64;

  /// After its last work something counts as busy for so long, nanoseconds: longer than a pass over
  /// all of a thousand devices.
  private static final long BUSY = 1_000_000;

  private Pollable[] all = new Pollable[0];

  /// By place in `all`.
  private boolean[] asked = new boolean[0];

  private boolean[] isBusy = new boolean[0];
  private long[] lastWork = new long[0];

  /// Places of the busy ones.
  private int[] busy = new int[0];

  private int busyCount;
  private int slice;
  private int start;
  private int changes;

  int size() {
    return all.length;
  }

  Pollable get(int place) {
    return all[place];
  }

  /// Another number after something was added or removed: places mean others then.
  int changes() {
    return changes;
  }

  void add(Pollable pollable) {
    int n = all.length;
    resize(n + 1);
    all[n] = pollable;
  }

  void remove(Pollable pollable) {
    int at = Arrays.asList(all).indexOf(pollable);
    if (at < 0) {
      return;
    }
    int rest = all.length - at - 1;
    System.arraycopy(all, at + 1, all, at, rest);
    System.arraycopy(asked, at + 1, asked, at, rest);
    System.arraycopy(lastWork, at + 1, lastWork, at, rest);
    System.arraycopy(isBusy, at + 1, isBusy, at, rest);
    resize(all.length - 1);
  }

  private void resize(int n) {
    changes++;
    all = Arrays.copyOf(all, n);
    asked = Arrays.copyOf(asked, n);
    lastWork = Arrays.copyOf(lastWork, n);
    isBusy = Arrays.copyOf(isBusy, n);
    busy = new int[n];
    busyCount = 0;
    for (int i = 0; i < n; i++) {
      if (isBusy[i]) {
        busy[busyCount++] = i;
      }
    }
    start = start < n ? start : 0;
    slice = slice < n ? slice : 0;
  }

  /// Whether a pass looks at some only.
  boolean many() {
    return all.length > FEW;
  }

  /// Where a pass over `n` begins: at each in turn.
  int rotate(int n) {
    int first = start < n ? start : 0;
    start = first + 1;
    return first;
  }

  /// How many are busy.
  int busyCount() {
    return busyCount;
  }

  /// Place of the i-th busy one.
  int busy(int i) {
    return busy[i];
  }

  /// Whether that one is busy, so not to be polled with the slice.
  boolean isBusy(int place) {
    return isBusy[place];
  }

  /// The next place of the slice.
  int nextOfSlice() {
    int at = slice;
    slice = at + 1 < all.length ? at + 1 : 0;
    return at;
  }

  /// That one had work.
  ///
  /// @return whether it was asked for kicks, which are not needed now
  boolean worked(int place, long now) {
    lastWork[place] = now;
    if (!isBusy[place]) {
      isBusy[place] = true;
      busy[busyCount++] = place;
    }
    return asked[place];
  }

  /// Forgets which have had no work for a while.
  void cool(long now) {
    int kept = 0;
    for (int i = 0; i < busyCount; i++) {
      int place = busy[i];
      if (now - lastWork[place] < BUSY) {
        busy[kept++] = place;
      } else {
        isBusy[place] = false;
      }
    }
    busyCount = kept;
  }

  boolean isAsked(int place) {
    return asked[place];
  }

  void asked(int place, boolean is) {
    asked[place] = is;
  }
}
