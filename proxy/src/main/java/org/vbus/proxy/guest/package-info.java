/// A guest in Java: mirror of the bus, virtio over it, interrupts and polling.
///
/// ```
///   GuestCpu --vector--> GuestBus --handler--> driver: mask, Guest.schedule(napi)
///                          |  event rings                   |
///   Guest.run: poll scheduled with a budget, complete, halt <'
/// ```
package org.vbus.proxy.guest;
