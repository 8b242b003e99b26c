package org.vbus.connector.kvm.guest;

import java.lang.foreign.MemorySegment;

/// Software of a guest.
public interface GuestProgram {
  /// Writes the program and all it needs into the guest's memory, which begins at guest-physical 0
  /// and holds zeros.
  ///
  /// @throws IllegalArgumentException when the memory is too small
  GuestEntry install(MemorySegment memory);
}
