package org.vbus.core.connector;

import java.lang.foreign.MemorySegment;

/// North half of a connector: what a guest needs to reach its bus.
///
/// Windows are numbered: 0 is the bus itself ([org.vbus.core.bus.BusRegisters]), 1 + s the device
/// in slot s ([org.vbus.core.bus.DeviceRegisters]).
public interface GuestConnector extends AutoCloseable {
  /// Memory that the guest owns and shares with the host; offset 0 is guest-physical
  /// [#memoryBase()].
  MemorySegment memory();

  /// Guest-physical address of the first byte of [#memory()].
  long memoryBase();

  /// Reads a register of 1, 2, 4 or 8 bytes; the caller is stopped until the host has answered.
  long read(int window, int offset, int size);

  /// Writes a register; the caller is stopped until the host has acted on it.
  void write(int window, int offset, int size, long value);

  /// Tells the device in `slot` that `queue` has new buffers.
  void kick(int slot, int queue);

  @Override
  void close();
}
