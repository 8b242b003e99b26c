package org.vbus.proxy.program;

import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.driver.VirtioTransport;
import org.vbus.proxy.guest.Driver;
import org.vbus.proxy.guest.Guest;

/// A guest that sends every frame it receives on one network card out of all its others, unchanged:
/// with two cards, a wire. What is left to be done to a frame is left to the next device, so its
/// cards should have the same offloads; where they do not, frames that need one are lost.
public final class Forward implements GuestProgram {
  private final List<Card> cards = new ArrayList<>();

  /// For the service loader.
  public Forward() {}

  @Override
  public String name() {
    return "forward";
  }

  @Override
  public void prepare(Guest guest) {
    guest.bus().driver(NetDriver.DEVICE_ID, this::plug);
  }

  private Driver plug(Guest guest, VirtioTransport transport) {
    NetDriver net = new NetDriver(guest, transport);
    Card card = new Card(net);
    net.onFrame((segment, off, len) -> pass(card, segment, off, len));
    net.onBurst(() -> flush(card));
    cards.add(card);
    return card;
  }

  private void pass(Card from, MemorySegment segment, long off, int len) {
    for (int i = 0; i < cards.size(); i++) {
      Card to = cards.get(i);
      if (to != from) {
        boolean _ = to.net.forward(segment, off, len);
      }
    }
  }

  private void flush(Card from) {
    for (int i = 0; i < cards.size(); i++) {
      Card to = cards.get(i);
      if (to != from) {
        to.net.flush();
      }
    }
  }

  /// A card that leaves the list when its device goes.
  private final class Card implements Driver {
    final NetDriver net;

    Card(NetDriver net) {
      this.net = net;
    }

    @Override
    public void remove() {
      cards.remove(this);
      net.remove();
    }
  }
}
