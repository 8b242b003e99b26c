package org.vbus.tests.hostile;

import static org.vbus.core.ring.RingFault.*;
import static org.vbus.tests.fixture.RawRing.INDIRECT;
import static org.vbus.tests.fixture.RawRing.NEXT;
import static org.vbus.tests.fixture.RawRing.WRITE;

import java.util.ArrayList;
import java.util.List;
import org.vbus.core.ring.RingFault;
import org.vbus.tests.fixture.RawRing;

/// One lie in a fresh ring of [#SIZE] entries, and what the device must make of it.
///
/// @param fault what it is called
/// @param index where it is found
record Lie(String name, RingFault fault, int index, Teller teller) {
  /// Entries of the ring a lie is told in.
  static final int SIZE = 256;

  /// Bytes of guest memory: the largest a lie about lengths needs.
  static final int MEMORY = 8 << 20;

  /// Writes a lie.
  interface Teller {
    /// Chains begin at descriptor 0.
    void tell(RawRing ring, Place place);
  }

  /// Where a lie can be told.
  ///
  /// @param buffer 8 KiB of guest memory for buffers
  /// @param table 8 KiB of guest memory for tables
  /// @param start first address of guest memory
  /// @param end first address behind guest memory
  record Place(long buffer, long table, long start, long end) {}

  @Override
  public String toString() {
    return name;
  }

  /// All lies.
  static List<Lie> all() {
    List<Lie> lies = new ArrayList<>();
    availRing(lies);
    chains(lies);
    addresses(lies);
    lengths(lies);
    directions(lies);
    indirect(lies);
    return lies;
  }

  private static void chain(List<Lie> to, String name, RingFault fault, int index, Teller teller) {
    to.add(
        new Lie(
            name,
            fault,
            index,
            (ring, place) -> {
              teller.tell(ring, place);
              ring.offer(0);
            }));
  }

  private static void availRing(List<Lie> to) {
    for (int head : new int[] {SIZE, SIZE + 1, 0x8000, 0xffff}) {
      to.add(new Lie("head " + head, HEAD_OUT_OF_RANGE, 0, (ring, at) -> ring.offer(head)));
    }
    to.add(
        new Lie(
            "second head out of range",
            HEAD_OUT_OF_RANGE,
            1,
            (ring, at) -> {
              ring.desc(0, at.buffer(), 8, WRITE, 0);
              ring.offer(0);
              ring.offer(SIZE);
            }));
    for (int idx : new int[] {SIZE + 1, 0x7fff, 0x8000, 0xffff}) {
      to.add(
          new Lie(
              "avail index jumps to " + idx,
              AVAIL_INDEX_JUMP,
              idx,
              (ring, at) -> {
                ring.desc(0, at.buffer(), 8, WRITE, 0);
                ring.availIdx(idx);
              }));
    }
  }

  private static void chains(List<Lie> to) {
    for (int next : new int[] {SIZE, 0x8000, 0xffff}) {
      chain(
          to,
          "next " + next,
          NEXT_OUT_OF_RANGE,
          next,
          (ring, at) -> ring.desc(0, at.buffer(), 8, NEXT, next));
      chain(
          to,
          "next " + next + " after a writable one",
          NEXT_OUT_OF_RANGE,
          next,
          (ring, at) ->
              ring.desc(0, at.buffer(), 8, NEXT, 255)
                  .desc(255, at.buffer(), 8, WRITE | NEXT, next));
    }
    chain(to, "loop of one", CHAIN_LOOP, 0, (ring, at) -> ring.desc(0, at.buffer(), 8, NEXT, 0));
    chain(
        to,
        "loop of two",
        CHAIN_LOOP,
        1,
        (ring, at) -> ring.desc(0, at.buffer(), 8, NEXT, 1).desc(1, at.buffer(), 8, NEXT, 0));
    chain(
        to,
        "loop of all",
        CHAIN_LOOP,
        SIZE - 1,
        (ring, at) -> {
          for (int i = 0; i < SIZE; i++) {
            ring.desc(i, at.buffer(), 1, WRITE | NEXT, i + 1 & SIZE - 1);
          }
        });
    chain(
        to,
        "loop behind a tail",
        CHAIN_LOOP,
        2,
        (ring, at) -> {
          ring.desc(0, at.buffer(), 1, NEXT, 1).desc(1, at.buffer(), 1, NEXT, 2);
          ring.desc(2, at.buffer(), 1, NEXT, 2);
        });
  }

  private static void addresses(List<Lie> to) {
    address(to, "at zero", (ring, at) -> 0);
    address(to, "just below", (ring, at) -> at.start() - 8);
    address(to, "into memory from below", (ring, at) -> at.start() - 1);
    address(to, "at the end", (ring, at) -> at.end());
    address(to, "over the end", (ring, at) -> at.end() - 7);
    address(to, "far above", (ring, at) -> at.end() + (1L << 40));
    address(to, "so that its end wraps to zero", (ring, at) -> -8);
    address(to, "so that its end wraps beyond zero", (ring, at) -> -4);
    address(to, "of all ones", (ring, at) -> -1);
    address(to, "with the top bit set", (ring, at) -> at.buffer() | Long.MIN_VALUE);
    address(to, "with bit 32 set", (ring, at) -> at.buffer() | 1L << 32);
    address(to, "most negative", (ring, at) -> Long.MIN_VALUE);
    address(to, "most positive", (ring, at) -> Long.MAX_VALUE);
    chain(
        to,
        "length that runs over the end",
        ADDRESS_OUTSIDE_MEMORY,
        0,
        (ring, at) -> ring.desc(0, at.start(), at.end() - at.start() + 1, WRITE, 0));
    chain(
        to,
        "length that wraps int when added",
        ADDRESS_OUTSIDE_MEMORY,
        0,
        (ring, at) -> ring.desc(0, at.end() - 16, 0x7fffffff, WRITE, 0));
    chain(
        to,
        "second buffer outside",
        ADDRESS_OUTSIDE_MEMORY,
        9,
        (ring, at) -> ring.desc(0, at.buffer(), 8, NEXT, 9).desc(9, at.end(), 8, WRITE, 0));
  }

  /// Gives the address of a buffer of 8 bytes.
  private interface Where {
    long gpa(RawRing ring, Place at);
  }

  private static void address(List<Lie> to, String name, Where where) {
    chain(
        to,
        "readable address " + name,
        ADDRESS_OUTSIDE_MEMORY,
        0,
        (ring, at) -> ring.desc(0, where.gpa(ring, at), 8, 0, 0));
    chain(
        to,
        "writable address " + name,
        ADDRESS_OUTSIDE_MEMORY,
        0,
        (ring, at) -> ring.desc(0, where.gpa(ring, at), 8, WRITE, 0));
    chain(
        to,
        "table address " + name,
        ADDRESS_OUTSIDE_MEMORY,
        0,
        (ring, at) -> ring.desc(0, where.gpa(ring, at), 16, INDIRECT, 0));
    chain(
        to,
        "address in a table " + name,
        ADDRESS_OUTSIDE_MEMORY,
        0,
        (ring, at) ->
            ring.desc(0, at.table(), 16, INDIRECT, 0)
                .desc(at.table(), 0, where.gpa(ring, at), 8, WRITE, 0));
  }

  private static void lengths(List<Lie> to) {
    for (int flags = 0; flags <= WRITE; flags += WRITE) {
      int way = flags;
      String which = way == 0 ? "readable" : "writable";
      chain(
          to,
          which + " length zero",
          ZERO_LENGTH,
          0,
          (ring, at) -> ring.desc(0, at.buffer(), 0, way, 0));
      chain(
          to,
          which + " length zero, address outside",
          ZERO_LENGTH,
          0,
          (ring, at) -> ring.desc(0, at.end(), 0, way, 0));
      chain(
          to,
          which + " length zero at the end of a chain",
          ZERO_LENGTH,
          3,
          (ring, at) ->
              ring.desc(0, at.buffer(), 4, way | NEXT, 3).desc(3, at.buffer(), 0, way, 0));
      for (long len : new long[] {0x8000_0000L, 0x8000_0001L, 0xffff_ffffL}) {
        chain(
            to,
            which + " length " + len,
            LENGTH_OVERFLOW,
            0,
            (ring, at) -> ring.desc(0, at.buffer(), len, way, 0));
      }
      chain(
          to,
          which + " lengths add up to 2^31",
          LENGTH_OVERFLOW,
          SIZE - 1,
          (ring, at) -> {
            for (int i = 0; i < SIZE; i++) {
              int more = i < SIZE - 1 ? NEXT : 0;
              ring.desc(i, at.start(), at.end() - at.start(), way | more, i + 1);
            }
          });
    }
    chain(
        to,
        "length zero in a table",
        ZERO_LENGTH,
        1,
        (ring, at) ->
            ring.desc(0, at.table(), 32, INDIRECT, 0)
                .desc(at.table(), 0, at.buffer(), 4, NEXT, 1)
                .desc(at.table(), 1, at.buffer(), 0, WRITE, 0));
  }

  private static void directions(List<Lie> to) {
    chain(
        to,
        "readable after writable",
        READABLE_AFTER_WRITABLE,
        1,
        (ring, at) -> ring.desc(0, at.buffer(), 8, WRITE | NEXT, 1).desc(1, at.buffer(), 8, 0, 0));
    chain(
        to,
        "readable between writable ones",
        READABLE_AFTER_WRITABLE,
        2,
        (ring, at) ->
            ring.desc(0, at.buffer(), 8, NEXT, 1)
                .desc(1, at.buffer(), 8, WRITE | NEXT, 2)
                .desc(2, at.buffer(), 8, NEXT, 3)
                .desc(3, at.buffer(), 8, WRITE, 0));
    chain(
        to,
        "readable after writable in a table",
        READABLE_AFTER_WRITABLE,
        1,
        (ring, at) ->
            ring.desc(0, at.table(), 32, INDIRECT, 0)
                .desc(at.table(), 0, at.buffer(), 8, WRITE | NEXT, 1)
                .desc(at.table(), 1, at.buffer(), 8, 0, 0));
    chain(
        to,
        "readable in a table after writable",
        READABLE_AFTER_WRITABLE,
        0,
        (ring, at) ->
            ring.desc(0, at.buffer(), 8, WRITE | NEXT, 1)
                .desc(1, at.table(), 16, INDIRECT, 0)
                .desc(at.table(), 0, at.buffer(), 8, 0, 0));
  }

  private static void indirect(List<Lie> to) {
    chain(
        to,
        "table in a table",
        NESTED_INDIRECT,
        1,
        (ring, at) ->
            ring.desc(0, at.table(), 32, INDIRECT, 0)
                .desc(at.table(), 0, at.buffer(), 8, NEXT, 1)
                .desc(at.table(), 1, at.table(), 16, INDIRECT, 0));
    chain(
        to,
        "table that is its own",
        NESTED_INDIRECT,
        0,
        (ring, at) -> ring.desc(0, ring.addresses().desc(), 16, INDIRECT, 0));
    chain(
        to,
        "indirect with next",
        INDIRECT_WITH_NEXT,
        0,
        (ring, at) ->
            ring.desc(0, at.table(), 16, INDIRECT | NEXT, 1)
                .desc(1, at.buffer(), 8, WRITE, 0)
                .desc(at.table(), 0, at.buffer(), 8, 0, 0));
    for (long len : new long[] {0, 1, 8, 15, 17, 31, 0xffff_ffffL}) {
      chain(
          to,
          "table of " + len + " bytes",
          INDIRECT_BAD_LENGTH,
          0,
          (ring, at) -> ring.desc(0, at.table(), len, INDIRECT, 0));
    }
    for (long len : new long[] {0x8000_0000L, 0xffff_fff0L}) {
      chain(
          to,
          "table of " + len + " bytes",
          ADDRESS_OUTSIDE_MEMORY,
          0,
          (ring, at) -> ring.desc(0, at.table(), len, INDIRECT, 0));
    }
    chain(
        to,
        "table over the end",
        ADDRESS_OUTSIDE_MEMORY,
        0,
        (ring, at) ->
            ring.desc(0, at.end() - 16, 32, INDIRECT, 0)
                .desc(at.end() - 16, 0, at.buffer(), 8, WRITE, 0));
    chain(
        to,
        "next beyond its table",
        NEXT_OUT_OF_RANGE,
        2,
        (ring, at) ->
            ring.desc(0, at.table(), 32, INDIRECT, 0)
                .desc(at.table(), 0, at.buffer(), 8, NEXT, 2)
                .desc(at.table(), 2, at.buffer(), 8, WRITE, 0));
    chain(
        to,
        "loop in a table",
        CHAIN_LOOP,
        1,
        (ring, at) ->
            ring.desc(0, at.table(), 32, INDIRECT, 0)
                .desc(at.table(), 0, at.buffer(), 8, WRITE | NEXT, 1)
                .desc(at.table(), 1, at.buffer(), 8, WRITE | NEXT, 0));
    chain(
        to,
        "table with a chain longer than the queue",
        CHAIN_TOO_LONG,
        SIZE - 1,
        (ring, at) -> {
          ring.desc(0, at.table(), 16 * (SIZE + 1), INDIRECT, 0);
          for (int i = 0; i <= SIZE; i++) {
            ring.desc(at.table(), i, at.buffer(), 1, WRITE | (i < SIZE ? NEXT : 0), i + 1);
          }
        });
    chain(
        to,
        "chain too long with its table",
        CHAIN_TOO_LONG,
        SIZE - 3,
        (ring, at) -> {
          ring.desc(0, at.buffer(), 1, NEXT, 1).desc(1, at.buffer(), 1, NEXT, 2);
          ring.desc(2, at.table(), 16 * (SIZE - 1), INDIRECT, 0);
          for (int i = 0; i < SIZE - 1; i++) {
            ring.desc(at.table(), i, at.buffer(), 1, WRITE | (i < SIZE - 2 ? NEXT : 0), i + 1);
          }
        });
  }
}
