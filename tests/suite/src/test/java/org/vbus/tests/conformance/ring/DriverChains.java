package org.vbus.tests.conformance.ring;

import java.util.ArrayList;
import java.util.List;
import org.vbus.tests.fixture.RawRing;

/// Reads chains that a driver offered, as a device would, and checks what every chain must obey.
final class DriverChains {
  private DriverChains() {}

  /// One buffer of a chain.
  record Buffer(long gpa, long len, boolean write) {}

  /// The chain at a free-running index of the avail ring.
  static List<Buffer> chain(RawRing ring, int idx) {
    List<Buffer> buffers = new ArrayList<>();
    long table = ring.addresses().desc();
    int entries = ring.size();
    int i = ring.availElement(idx);
    while (true) {
      if (i >= entries || buffers.size() > ring.size()) {
        throw new AssertionError("descriptor " + i + " of " + entries + " after " + buffers);
      }
      int flags = ring.descFlags(table, i);
      if ((flags & RawRing.INDIRECT) != 0) {
        if (flags != RawRing.INDIRECT || table != ring.addresses().desc()) {
          throw new AssertionError("indirect descriptor with flags " + flags + " at " + i);
        }
        entries = (int) ring.descLen(table, i) / 16;
        table = ring.descAddr(table, i);
        i = 0;
        continue;
      }
      buffers.add(
          new Buffer(
              ring.descAddr(table, i), ring.descLen(table, i), (flags & RawRing.WRITE) != 0));
      if ((flags & RawRing.NEXT) == 0) {
        return buffers;
      }
      i = ring.descNext(table, i);
    }
  }

  /// WRITE or 0 of each buffer of a chain.
  static List<Integer> flags(RawRing ring, int idx) {
    return chain(ring, idx).stream().map(b -> b.write() ? RawRing.WRITE : 0).toList();
  }
}
