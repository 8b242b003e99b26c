package org.vbus.core.ring;

import java.util.Arrays;

/// Puts completions into the order in which their chains were taken, as IN_ORDER promises the
/// driver (2.7.9, 2.8.8), so that a device may complete held chains in any order with it, too.
///
/// A chain gets a ticket when the device takes it; a completion whose ticket is not due waits here.
/// There are at most as many tickets as the queue has entries. Owned by the queue's loop.
final class InOrder {
  private static final int NONE = -1;

  private final VirtQueue queue;
  private final int size;

  /// By ticket: name of the chain, or [#NONE] as long as it is not complete.
  private final int[] heads;

  private final int[] descriptors;
  private final int[] written;
  private final boolean[] whole;
  private int next;
  private int due;
  private int waiting;

  /// Chains with a ticket, complete or not.
  private int out;

  InOrder(VirtQueue queue) {
    this.queue = queue;
    this.size = queue.size();
    this.heads = new int[size];
    Arrays.fill(heads, NONE);
    this.descriptors = new int[size];
    this.written = new int[size];
    this.whole = new boolean[size];
  }

  private int after(int ticket) {
    return ticket + 1 == size ? 0 : ticket + 1;
  }

  /// Whether no chain is out: one that is completed as it is taken needs no ticket.
  boolean isIdle() {
    return out == 0;
  }

  void taken(Chain chain) {
    chain.ticket = next;
    next = after(next);
    out++;
  }

  void complete(Chain chain, int bytes) {
    int ticket = chain.ticket;
    if (ticket != due) {
      heads[ticket] = chain.head;
      descriptors[ticket] = chain.descriptors;
      written[ticket] = bytes;
      whole[ticket] = bytes == chain.writable();
      waiting++;
      return;
    }
    queue.giveBack(chain.head, chain.descriptors, bytes, bytes == chain.writable());
    due = after(due);
    out--;
    if (waiting > 0) {
      release();
    }
  }

  private void release() {
    for (int head; waiting > 0 && (head = heads[due]) != NONE; due = after(due)) {
      heads[due] = NONE;
      waiting--;
      out--;
      queue.giveBack(head, descriptors[due], written[due], whole[due]);
    }
  }
}
