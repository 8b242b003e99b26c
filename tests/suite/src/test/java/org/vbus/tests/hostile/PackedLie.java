package org.vbus.tests.hostile;

import static org.vbus.core.ring.RingFault.*;
import static org.vbus.tests.fixture.RawPackedRing.AVAIL;
import static org.vbus.tests.fixture.RawPackedRing.INDIRECT;
import static org.vbus.tests.fixture.RawPackedRing.NEXT;
import static org.vbus.tests.fixture.RawPackedRing.USED;
import static org.vbus.tests.fixture.RawPackedRing.WRITE;

import java.util.ArrayList;
import java.util.List;
import org.vbus.core.ring.RingFault;
import org.vbus.tests.fixture.RawPackedRing;

/// One lie in a fresh packed ring of [#SIZE] descriptors, told from descriptor 0 on, and what the
/// device must make of it.
///
/// @param fault what it is called
/// @param index where it is found: a descriptor of the ring or of a table
record PackedLie(String name, RingFault fault, int index, Teller teller) {
  /// Descriptors of the ring a lie is told in: no power of two.
  static final int SIZE = 200;

  /// Bytes of guest memory: the largest a lie about lengths needs.
  static final int MEMORY = 16 << 20;

  /// Writes a lie.
  interface Teller {
    /// Flags are as they are in a fresh ring: AVAIL set, USED clear.
    void tell(RawPackedRing ring, Lie.Place place);
  }

  @Override
  public String toString() {
    return name;
  }

  /// All lies.
  static List<PackedLie> all() {
    List<PackedLie> lies = new ArrayList<>();
    lists(lies);
    addresses(lies);
    lengths(lies);
    directions(lies);
    indirect(lies);
    return lies;
  }

  private static void lie(
      List<PackedLie> to, String name, RingFault fault, int index, Teller teller) {
    to.add(new PackedLie(name, fault, index, teller));
  }

  private static void lists(List<PackedLie> to) {
    for (int id : new int[] {SIZE, SIZE + 1, 0x7fff, 0x8000, 0xffff}) {
      lie(
          to,
          "id " + id,
          ID_OUT_OF_RANGE,
          0,
          (ring, at) -> ring.desc(0, at.buffer(), 8, id, AVAIL));
      lie(
          to,
          "id " + id + " of a list",
          ID_OUT_OF_RANGE,
          1,
          (ring, at) ->
              ring.desc(1, at.buffer(), 8, id, AVAIL | WRITE)
                  .desc(0, at.buffer(), 8, 0, AVAIL | NEXT));
      lie(
          to,
          "id " + id + " of a table",
          ID_OUT_OF_RANGE,
          0,
          (ring, at) ->
              ring.desc(at.table(), 0, at.buffer(), 8, 0, WRITE)
                  .desc(0, at.table(), 16, id, AVAIL | INDIRECT));
    }
    lie(
        to,
        "list of the whole ring that goes on",
        CHAIN_TOO_LONG,
        SIZE - 1,
        (ring, at) -> {
          for (int i = 0; i < SIZE; i++) {
            ring.desc(i, at.buffer(), 1, 0, AVAIL | NEXT);
          }
        });
    for (int flags : new int[] {0, USED, AVAIL | USED}) {
      lie(
          to,
          "list that goes on with flags " + flags,
          LIST_INCOMPLETE,
          2,
          (ring, at) ->
              ring.desc(2, at.buffer(), 1, 0, flags)
                  .desc(1, at.buffer(), 1, 0, AVAIL | NEXT)
                  .desc(0, at.buffer(), 1, 0, AVAIL | NEXT));
    }
  }

  private static void addresses(List<PackedLie> to) {
    address(to, "at zero", at -> 0);
    address(to, "just below", at -> at.start() - 8);
    address(to, "into memory from below", at -> at.start() - 1);
    address(to, "at the end", Lie.Place::end);
    address(to, "over the end", at -> at.end() - 7);
    address(to, "far above", at -> at.end() + (1L << 40));
    address(to, "so that its end wraps to zero", at -> -8);
    address(to, "so that its end wraps beyond zero", at -> -4);
    address(to, "of all ones", at -> -1);
    address(to, "with the top bit set", at -> at.buffer() | Long.MIN_VALUE);
    address(to, "with bit 32 set", at -> at.buffer() | 1L << 32);
    address(to, "most negative", at -> Long.MIN_VALUE);
    address(to, "most positive", at -> Long.MAX_VALUE);
    lie(
        to,
        "length that runs over the end",
        ADDRESS_OUTSIDE_MEMORY,
        0,
        (ring, at) -> ring.desc(0, at.start(), at.end() - at.start() + 1, 0, AVAIL | WRITE));
  }

  /// Gives the address of a buffer of 8 bytes.
  private interface Where {
    long gpa(Lie.Place at);
  }

  private static void address(List<PackedLie> to, String name, Where where) {
    for (int way : new int[] {0, WRITE}) {
      String which = way == 0 ? "readable" : "writable";
      lie(
          to,
          which + " address " + name,
          ADDRESS_OUTSIDE_MEMORY,
          0,
          (ring, at) -> ring.desc(0, where.gpa(at), 8, 0, AVAIL | way));
      lie(
          to,
          which + " address in a list " + name,
          ADDRESS_OUTSIDE_MEMORY,
          1,
          (ring, at) ->
              ring.desc(1, where.gpa(at), 8, 0, AVAIL | way)
                  .desc(0, at.buffer(), 8, 0, AVAIL | NEXT));
    }
    lie(
        to,
        "table address " + name,
        ADDRESS_OUTSIDE_MEMORY,
        0,
        (ring, at) -> ring.desc(0, where.gpa(at), 16, 0, AVAIL | INDIRECT));
    lie(
        to,
        "address in a table " + name,
        ADDRESS_OUTSIDE_MEMORY,
        1,
        (ring, at) ->
            ring.desc(at.table(), 0, at.buffer(), 8, 0, 0)
                .desc(at.table(), 1, where.gpa(at), 8, 0, WRITE)
                .desc(0, at.table(), 32, 0, AVAIL | INDIRECT));
  }

  private static void lengths(List<PackedLie> to) {
    for (int way : new int[] {0, WRITE}) {
      String which = way == 0 ? "readable" : "writable";
      lie(
          to,
          which + " length zero",
          ZERO_LENGTH,
          0,
          (ring, at) -> ring.desc(0, at.buffer(), 0, 0, AVAIL | way));
      lie(
          to,
          which + " length zero at the end of a list",
          ZERO_LENGTH,
          1,
          (ring, at) ->
              ring.desc(1, at.buffer(), 0, 0, AVAIL | way)
                  .desc(0, at.buffer(), 4, 0, AVAIL | NEXT | way));
      for (long len : new long[] {0x8000_0000L, 0x8000_0001L, 0xffff_ffffL}) {
        lie(
            to,
            which + " length " + len,
            LENGTH_OVERFLOW,
            0,
            (ring, at) -> ring.desc(0, at.buffer(), len, 0, AVAIL | way));
      }
      lie(
          to,
          which + " lengths add up to more than 2^31",
          LENGTH_OVERFLOW,
          (int) ((1L << 31) / MEMORY) - 1,
          (ring, at) -> {
            for (int i = SIZE - 1; i >= 0; i--) {
              int more = i < SIZE - 1 ? NEXT : 0;
              ring.desc(i, at.start(), at.end() - at.start(), 0, AVAIL | way | more);
            }
          });
    }
    lie(
        to,
        "length zero in a table",
        ZERO_LENGTH,
        1,
        (ring, at) ->
            ring.desc(at.table(), 0, at.buffer(), 4, 0, 0)
                .desc(at.table(), 1, at.buffer(), 0, 0, WRITE)
                .desc(0, at.table(), 32, 0, AVAIL | INDIRECT));
  }

  private static void directions(List<PackedLie> to) {
    lie(
        to,
        "readable after writable",
        READABLE_AFTER_WRITABLE,
        1,
        (ring, at) ->
            ring.desc(1, at.buffer(), 8, 0, AVAIL)
                .desc(0, at.buffer(), 8, 0, AVAIL | WRITE | NEXT));
    lie(
        to,
        "readable between writable ones",
        READABLE_AFTER_WRITABLE,
        2,
        (ring, at) ->
            ring.desc(3, at.buffer(), 8, 0, AVAIL | WRITE)
                .desc(2, at.buffer(), 8, 0, AVAIL | NEXT)
                .desc(1, at.buffer(), 8, 0, AVAIL | WRITE | NEXT)
                .desc(0, at.buffer(), 8, 0, AVAIL | NEXT));
    lie(
        to,
        "readable after writable in a table",
        READABLE_AFTER_WRITABLE,
        1,
        (ring, at) ->
            ring.desc(at.table(), 0, at.buffer(), 8, 0, WRITE)
                .desc(at.table(), 1, at.buffer(), 8, 0, 0)
                .desc(0, at.table(), 32, 0, AVAIL | INDIRECT));
  }

  private static void indirect(List<PackedLie> to) {
    lie(
        to,
        "indirect with next",
        INDIRECT_WITH_NEXT,
        0,
        (ring, at) ->
            ring.desc(at.table(), 0, at.buffer(), 8, 0, 0)
                .desc(1, at.buffer(), 8, 0, AVAIL | WRITE)
                .desc(0, at.table(), 16, 0, AVAIL | INDIRECT | NEXT));
    lie(
        to,
        "table behind a direct descriptor",
        INDIRECT_WITH_NEXT,
        1,
        (ring, at) ->
            ring.desc(at.table(), 0, at.buffer(), 8, 0, WRITE)
                .desc(1, at.table(), 16, 0, AVAIL | INDIRECT)
                .desc(0, at.buffer(), 8, 0, AVAIL | NEXT));
    for (long len : new long[] {0, 1, 8, 15, 17, 31, 0xffff_ffffL}) {
      lie(
          to,
          "table of " + len + " bytes",
          INDIRECT_BAD_LENGTH,
          0,
          (ring, at) -> ring.desc(0, at.table(), len, 0, AVAIL | INDIRECT));
    }
    for (long len : new long[] {0x8000_0000L, 0xffff_fff0L}) {
      lie(
          to,
          "table of " + len + " bytes",
          ADDRESS_OUTSIDE_MEMORY,
          0,
          (ring, at) -> ring.desc(0, at.table(), len, 0, AVAIL | INDIRECT));
    }
    lie(
        to,
        "table over the end",
        ADDRESS_OUTSIDE_MEMORY,
        0,
        (ring, at) ->
            ring.desc(at.end() - 16, 0, at.buffer(), 8, 0, WRITE)
                .desc(0, at.end() - 16, 32, 0, AVAIL | INDIRECT));
    lie(
        to,
        "table longer than the queue",
        CHAIN_TOO_LONG,
        0,
        (ring, at) -> {
          for (int i = 0; i <= SIZE; i++) {
            ring.desc(at.table(), i, at.buffer(), 1, 0, WRITE);
          }
          ring.desc(0, at.table(), 16 * (SIZE + 1), 0, AVAIL | INDIRECT);
        });
  }
}
