package org.vbus.connector.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_INT_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_LONG_UNALIGNED;
import static java.lang.foreign.ValueLayout.JAVA_SHORT_UNALIGNED;

import java.lang.foreign.MemorySegment;

/// Layout of messages: the header and the payloads, all in the machine's byte order. Offsets count
/// from the start of the payload.
///
/// ```
/// header        0 u32 request   4 u32 flags    8 u32 size
/// vring state   0 u32 index     4 u32 num
/// vring address 0 u32 index     4 u32 flags    8 u64 desc  16 u64 used  24 u64 avail  32 u64 log
/// memory table  0 u32 regions   4 -            8 region[]
/// one region    0 -             8 region
/// region        0 u64 gpa       8 u64 size    16 u64 uva   24 u64 offset
/// log           0 u64 size      8 u64 offset
/// config        0 u32 offset    4 u32 size     8 u32 flags 12 bytes
/// inflight      0 u64 size      8 u64 offset  16 u16 queues 18 u16 queue size
/// device state  0 u32 direction 4 u32 phase
/// ```
final class Payload {
  static final int HEADER = 12;
  static final int VERSION = 1;
  static final int VERSION_MASK = 3;
  static final int REPLY = 1 << 2;
  static final int NEED_REPLY = 1 << 3;

  /// Longest payload; the longest of the protocol is far shorter.
  static final int LONGEST = 4096;

  static final int HEAD = 8;
  static final int REGION = 32;
  static final int SINGLE_REGION = HEAD + REGION;
  static final int MAX_REGIONS = 8;
  static final int CONFIG = 12;
  static final int MAX_CONFIG = 256;
  static final int INFLIGHT = 24;

  /// Bits of the `u64` of `SET_VRING_KICK`, `_CALL` and `_ERR`.
  static final int VRING_INDEX = 0xff;

  static final int VRING_NO_FD = 1 << 8;

  /// Flag of a vring address: log writes to the used ring.
  static final int VRING_LOG = 1;

  private Payload() {}

  static int getInt(MemorySegment payload, long at) {
    return payload.get(JAVA_INT_UNALIGNED, at);
  }

  static int getShort(MemorySegment payload, long at) {
    return payload.get(JAVA_SHORT_UNALIGNED, at) & 0xffff;
  }

  static long getLong(MemorySegment payload, long at) {
    return payload.get(JAVA_LONG_UNALIGNED, at);
  }

  static void putInt(MemorySegment payload, long at, int value) {
    payload.set(JAVA_INT_UNALIGNED, at, value);
  }

  static void putLong(MemorySegment payload, long at, long value) {
    payload.set(JAVA_LONG_UNALIGNED, at, value);
  }
}
