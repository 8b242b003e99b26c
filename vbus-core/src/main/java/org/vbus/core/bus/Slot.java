package org.vbus.core.bus;

import org.vbus.core.device.VirtioDevice;

/// A place on a bus and the device in it.
///
/// @param index number of the slot
/// @param name name of the device, unique on its bus
/// @param device the device
public record Slot(int index, String name, VirtioDevice device) {}
