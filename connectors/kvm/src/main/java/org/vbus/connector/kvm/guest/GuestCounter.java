package org.vbus.connector.kvm.guest;

/// What a guest counts; see [GuestCounters].
public enum GuestCounter {
  /// Interrupts taken on vectors of devices.
  DEVICE_INTERRUPTS,
  /// Interrupts taken on vectors of event ring levels.
  LEVEL_INTERRUPTS,
  /// Interrupts taken on [Vectors#CONTROL].
  CONTROL_INTERRUPTS,
  /// Ends of interrupts told to the local APIC.
  ENDS_OF_INTERRUPT,
  /// Kicks of queues.
  KICKS,
  /// Batches published without a kick, because the device did not want one.
  KICKS_SUPPRESSED,
  /// Times the guest told the host that descriptors of an event ring came back.
  EVENT_KICKS,
  /// `hlt` instructions.
  HALTS,
  /// Times the event rings were found empty after events had been taken.
  DRAINS,
  /// Events taken from the event rings.
  EVENTS,
  /// Answers that were not what the request asked for.
  BAD_ANSWERS;

  /// Guest-physical address of the 64-bit counter.
  long address() {
    return GuestCounters.ADDRESS + GuestCounters.COUNTERS + (long) ordinal() * GuestCounters.LINE;
  }
}
