/// Layer 2: Ethernet frames, the learning switch, and the hand-off of frames between poll loops.
///
/// ```
///    loop 1                        L2Switch "lan"                         loop 2
///  +--------+   forward(ingress, frame, now)   +-----------+   deliver(frame)   +--------+
///  | device |--------------------------------->| MacTable  |------------------->|  Port  |
///  |   TX   |   SwitchPort 1      |            | learn     |   SwitchPort 2     |   RX   |
///  +--------+                     |            | look up   |         |          +--------+
///                              FrameTap        | or flood  |     FrameTap           ^
///                              (capture)       +-----------+     (capture)          | drain
///                                                    |                        +------------+
///                                                    +--- QUEUED: offer ----->| FrameInbox |
///                                                                             +------------+
/// ```
///
/// A frame is described by a [org.vbus.venet.l2.Frame]: pieces of memory, wherever they are. This
/// package knows nothing of queues, descriptors or guests; a device model turns a request into a
/// frame and a frame into receive buffers, and implements [org.vbus.venet.l2.Port].
///
/// Threads: [org.vbus.venet.l2.L2Switch#forward] runs on the poll loop that owns the ingress port,
/// on several loops at the same time for different ports. Attaching, detaching, sweeping and
/// display run on control threads. A frame for a port owned by another loop is copied into that
/// port's [org.vbus.venet.l2.FrameInbox]; everything else is copied once, from guest to guest.
///
/// Nothing here waits: a frame that cannot be taken is dropped, and the
/// [org.vbus.venet.l2.DropReason] is counted on the port.
package org.vbus.venet.l2;
