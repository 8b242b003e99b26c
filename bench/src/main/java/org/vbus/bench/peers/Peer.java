package org.vbus.bench.peers;

/// Whom we are compared with.
public enum Peer {
  /// DPDK's own back-end, net_vhost, in `dpdk-testpmd`. Forwards without looking at frames.
  TESTPMD("testpmd"),
  /// Open vSwitch on DPDK, with the learning of its NORMAL action.
  OVS("ovs");

  private final String text;

  Peer(String text) {
    this.text = text;
  }

  /// As in options and reports.
  public String text() {
    return text;
  }
}
