package org.vbus.venet;

import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// Automatic receive steering (5.1.9.5.6): remembers by flow on which pair of queues the driver
/// sent last, and answers there. A table of fixed size by hash; flows that share an entry share a
/// pair.
///
/// Any loop may read and write: an entry is one byte, and a stale one costs order between a flow's
/// packets at most.
final class Steering {
  private static final int FLOWS = 1 << 12;
  private static final VarHandle ENTRY =
      MethodHandles.arrayElementVarHandle(byte[].class).withInvokeExactBehavior();

  /// Pair plus one, 0 for an unknown flow.
  private final byte[] table = new byte[FLOWS];

  /// The driver has sent a packet of a flow on `pair`, less than 255.
  void sent(int hash, int pair) {
    int at = hash & (FLOWS - 1);
    byte entry = (byte) (pair + 1);
    if ((byte) ENTRY.getOpaque(table, at) != entry) {
      ENTRY.setOpaque(table, at, entry);
    }
  }

  /// The pair for a packet of a flow, of `pairs` in use; some pair when the driver has sent none.
  int pair(int hash, int pairs) {
    int pair = ((byte) ENTRY.getOpaque(table, hash & (FLOWS - 1)) & 0xff) - 1;
    return pair >= 0 && pair < pairs ? pair : Integer.remainderUnsigned(hash >>> 12, pairs);
  }

  /// Forgets all flows.
  void clear() {
    for (int i = 0; i < FLOWS; i++) {
      ENTRY.setOpaque(table, i, (byte) 0);
    }
  }
}
