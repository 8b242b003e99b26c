/// Notification state and rings in shared memory, over [java.lang.foreign.MemorySegment]: no OS
/// calls, nothing above this package. North (the guest) owns and formats the memory; south (the
/// host) takes it up and trusts none of it. Layouts are those of the historical vbus ABI, byte for
/// byte.
///
/// ```
///        south                      shared memory (north's)                    north
///                          +-------------------------------------+
///  device --raise(l, h)--> | signal table   dirty, pending  [h]  | <-- enable, disable -- driver
///     SouthEvents          |    |  only if enabled, not pending  |       of source h
///        |                 |    v                                |            ^
///        |                 | event ring l   [e][e][ ][ ]  sown   | --poll--> NorthEvents
///        |                 |    |  only if enabled, not pending  |            ^
///        |                 +----|--------------------------------+            |
///        +---- INTERRUPT <------+ .................................. interrupt of level l
/// ```
///
/// A signal costs an interrupt only if its source is unmasked and has no event waiting, *and* north
/// is not looking at the ring. Read in this order: [org.vbus.shm.ShmSignal], [org.vbus.shm.Ioq] and
/// [org.vbus.shm.IoqIterator], [org.vbus.shm.EventProducer] and [org.vbus.shm.EventConsumer],
/// [org.vbus.shm.SouthEvents] and [org.vbus.shm.NorthEvents]. Offsets live in the `...Layout`
/// classes.
package org.vbus.shm;
