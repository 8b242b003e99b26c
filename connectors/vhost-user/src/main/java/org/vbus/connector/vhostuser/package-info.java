/// The vhost-user connector: devices for guests of QEMU, DPDK and others.
///
/// ```
///   VhostUser --- one per bus, a control thread
///     Endpoint --- one per device: its socket, one front-end after the other
///       Session --- what messages do          MessageChannel --- framing, descriptors
///         Vring --- one ring --> VirtioDevice   MemoryTable --- what the front-end shares
/// ```
///
/// On the data path nothing of this is passed but a [org.vbus.core.device.DeviceSignals#queue] that
/// writes an eventfd, and kicks that end a poll loop's sleep.
package org.vbus.connector.vhostuser;
