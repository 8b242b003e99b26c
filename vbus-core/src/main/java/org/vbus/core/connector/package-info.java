/// The contract of connectors: what crosses the boundary between a guest and its host, and nothing
/// more.
///
/// ```
///   north                         boundary                    south
///   GuestConnector  --register access (guest stops)------>  BusEndpoint.read/write
///                   --kick------------------------------->  BusEndpoint.kick
///   InterruptSink   <--vector----------------------------   SignalPolicy of the endpoint
///   memory()        <====== shared ======================>  GuestMemory
/// ```
package org.vbus.core.connector;
