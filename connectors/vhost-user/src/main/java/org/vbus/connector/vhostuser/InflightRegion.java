package org.vbus.connector.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_LONG;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;

/// One queue's part of the memory in which a front-end keeps the account of what is in flight. Who
/// reads it does so after this process has ended, perhaps in the middle: what is stored with order
/// is there only together with all that was stored before.
///
/// The front-end, and whoever served the queue before, may have written anything: what is read is
/// to be checked.
class InflightRegion {
  private static final VarHandle BYTE = JAVA_BYTE.varHandle().withInvokeExactBehavior();
  private static final VarHandle SHORT = JAVA_SHORT.varHandle().withInvokeExactBehavior();

  /// Both formats: the layout has been made, and which one.
  private static final long VERSION = 8;

  /// Both formats: number of entries.
  private static final long ENTRIES = 10;

  private static final short PRESENT_VERSION = 1;

  private final MemorySegment segment;

  InflightRegion(MemorySegment segment) {
    this.segment = segment;
  }

  int getByte(long at) {
    return segment.get(JAVA_BYTE, at) & 0xff;
  }

  int getShort(long at) {
    return segment.get(JAVA_SHORT, at) & 0xffff;
  }

  long getLong(long at) {
    return segment.get(JAVA_LONG, at);
  }

  /// Stores without order: before a store with order that makes it mean something.
  void fill(long at, int value) {
    segment.set(JAVA_SHORT, at, (short) value);
  }

  void fill(long at, long value) {
    segment.set(JAVA_LONG, at, value);
  }

  void putByte(long at, int value) {
    // [MO-VU-2] RELEASE a byte of the account. Partner: whoever continues the queue once this
    // process was killed. Orders: earlier stores to the account and to the ring, before this one.
    BYTE.setRelease(segment, at, (byte) value);
  }

  void putShort(long at, int value) {
    // [MO-VU-3] RELEASE a 16-bit field of the account. Partner: whoever continues the queue once
    // this process was killed. Orders: earlier stores to the account and to the ring, before this
    // one.
    SHORT.setRelease(segment, at, (short) value);
  }

  /// Whether somebody has kept an account of this many entries here.
  boolean isKept(int entries) {
    return getShort(VERSION) == PRESENT_VERSION && getShort(ENTRIES) == entries;
  }

  /// Makes all of it zero, so that nobody has.
  void clear() {
    putShort(VERSION, 0);
    segment.fill((byte) 0);
  }

  /// Says that an account is kept here from now on.
  void keep(int entries) {
    fill(ENTRIES, entries);
    putShort(VERSION, PRESENT_VERSION);
  }
}
