/// What more of something costs: devices, addresses, and a process that serves them.
///
/// ```
///   DeviceScale --- attach, idle, rate ---> Cards --+--> LoopbackCards   one process
///                                                   +--> VhostCards      vbus host, N sockets
///   MacScale ------ learn, look up -------> MacTable
///   StartScale ---- exec to connect ------> Program: ours, qemu-storage-daemon, testpmd
/// ```
///
/// Figures of processes are those of `/proc`. Processes that are started here end with
/// [org.vbus.bench.peers.Children], whatever happens.
package org.vbus.bench.scale;
