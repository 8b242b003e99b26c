package org.vbus.connector.kvm;

import org.vbus.linux.KvmLongMode;

/// Where and how a guest begins: in 64-bit mode, interrupts off.
///
/// @param mode tables that are in its memory
/// @param rip first instruction
/// @param rsp top of the stack
public record Boot(KvmLongMode mode, long rip, long rsp) {}
