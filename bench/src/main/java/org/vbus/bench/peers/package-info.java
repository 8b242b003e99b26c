/// Rates next to those of DPDK and Open vSwitch: benchmarks against peers.
///
/// ```
///   PeerBench --per Scenario--> BackEnd ours, BackEnd theirs      processes, one core, SIGSTOP
///        |                          ^ vhost-user
///        |  A B A B                 |
///        '--> FrontEnd: testpmd, virtio-user ports, the other core
///                 |
///                 '--> Reading --> Gates --> Pair --> report.PeerReport
/// ```
///
/// Every run of ours is paired with one of theirs, taken right after it with the same front-end and
/// under the same distance between both processors; what is reported are ratios.
package org.vbus.bench.peers;
