/// The bus: slots, addresses, discovery, hot-plug, attributes; and its endpoint for one guest.
///
/// ```
///   Bus ---- Slot 0: VirtioDevice          BusEndpoint <--- registers, kicks --- connector
///        '-- Slot 1: VirtioDevice               '--------- interrupts ---------> InterruptSink
/// ```
///
/// The endpoint decodes register windows: `BusRegisters` for the bus, `DeviceRegisters` for a slot.
package org.vbus.core.bus;
