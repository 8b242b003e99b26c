package org.vbus.bench.scale;

import java.util.OptionalLong;
import org.vbus.proxy.driver.NetDriver;

/// Network cards of guests on one switch. Guests run on the thread that made this; the host does
/// not.
interface Cards extends AutoCloseable {
  /// Entries of each queue of a card.
  int QUEUE = 64;

  /// Guest memory that a card takes: buffers of 2 KB for both queues, room for the largest frame,
  /// rings.
  long MEMORY = 512 << 10;

  /// Adds one card, ready to send and receive when this returns.
  void attach();

  /// The card that was attached as the i-th, from 0.
  NetDriver card(int i);

  /// Lets the guest of that card take what has arrived.
  void poll(int i);

  /// The host, whose process may be that of the guests.
  Footprint footprint();

  /// Bytes of Java objects of that process after a collection, if that can be told.
  OptionalLong liveHeap();

  @Override
  void close();
}
