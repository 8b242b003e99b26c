/// The vhost-user connector: devices for guests of QEMU, DPDK and others, and a front-end for
/// anybody's back-ends.
///
/// ```
///   VhostUser --- one per bus, a control thread
///     Endpoint --- one per device: its socket, one front-end after the other
///       Session --- what messages do          MessageChannel --- framing, descriptors
///         Vring --- one ring --> VirtioDevice   MemoryTable --- what the front-end shares
/// ```
///
/// The front-end:
///
/// ```
///   VhostUserGuest --- memory, processor
///     VhostUserTransport --- one per device, under a driver of proxy
///       Frontend --- one connection: negotiation, rings    Dialogue --- question, answer, limit
///         BackendRequests --- what the back-end asks       MessageChannel, ControlLoop as above
/// ```
///
/// On the data path nothing of this is passed but a [org.vbus.core.device.DeviceSignals#queue] that
/// writes an eventfd, and kicks that end a poll loop's sleep.
package org.vbus.connector.vhostuser;
