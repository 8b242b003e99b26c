package org.vbus.core.device;

import org.vbus.core.loop.LoopMap;
import org.vbus.core.memory.GuestMemory;

/// What ties a device to one guest: its memory, where signals go, and who polls.
///
/// @param memory the guest's memory
/// @param signals the way to the guest
/// @param loops which loop polls which queue
public record Attachment(GuestMemory memory, DeviceSignals signals, LoopMap loops) {}
