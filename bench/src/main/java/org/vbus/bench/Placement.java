package org.vbus.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import org.vbus.linux.CpuAffinity;
import org.vbus.linux.Linux;

/// Which processor each side of a boundary runs on.
///
/// Left to itself, the kernel puts two threads that wake each other on one processor again and
/// again, where whichever spins keeps the other from answering: the figures would be those of the
/// scheduler.
///
/// @param north processor of the guest, -1 for any
/// @param south processor of the poll loop, -1 for any
/// @param note what a reader of the figures must know
record Placement(int north, int south, String note) {

  /// Two processors of those this thread may run on, not of one core if that can be had.
  static Placement choose() {
    if (!Linux.supported()) {
      return anywhere("not Linux");
    }
    try {
      BitSet allowed = CpuAffinity.get();
      int south = allowed.nextSetBit(0);
      if (allowed.cardinality() < 2) {
        return anywhere("one processor only; both sides take turns on it");
      }
      BitSet others = (BitSet) allowed.clone();
      others.clear(south);
      BitSet apart = (BitSet) others.clone();
      apart.andNot(siblings(south));
      int north = (apart.isEmpty() ? others : apart).nextSetBit(0);
      return new Placement(
          north,
          south,
          "guest on processor %d, poll loop on processor %d%s"
              .formatted(north, south, apart.isEmpty() ? " of the same core" : ""));
    } catch (IOException e) {
      return anywhere(String.valueOf(e.getMessage()));
    }
  }

  private static Placement anywhere(String reason) {
    return new Placement(-1, -1, "threads not bound to processors (" + reason + ")");
  }

  /// Processors of the same core: `0,4` or `0-1` in sysfs; none where that is not known.
  private static BitSet siblings(int processor) {
    BitSet found = new BitSet();
    try {
      String list =
          Files.readString(
                  Path.of(
                      "/sys/devices/system/cpu/cpu" + processor + "/topology/thread_siblings_list"))
              .strip();
      for (String range : list.split(",", -1)) {
        String[] ends = range.split("-", -1);
        found.set(Integer.parseInt(ends[0]), Integer.parseInt(ends[ends.length - 1]) + 1);
      }
    } catch (IOException | NumberFormatException _) {
      found.clear();
    }
    return found;
  }

  /// Binds the calling thread to `processor`.
  static void bind(int processor) {
    if (processor < 0) {
      return;
    }
    BitSet only = new BitSet();
    only.set(processor);
    try {
      CpuAffinity.set(only);
    } catch (IOException e) {
      throw new BenchFailure(String.valueOf(e.getMessage()), e);
    }
  }
}
