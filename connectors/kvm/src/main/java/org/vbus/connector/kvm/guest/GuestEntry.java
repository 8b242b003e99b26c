package org.vbus.connector.kvm.guest;

import org.vbus.linux.KvmLongMode;
import org.vbus.linux.KvmRegisters;

/// How the host starts an installed guest.
///
/// @param mode tables in the guest's memory
/// @param registers first instruction and stack; interrupts are off
public record GuestEntry(KvmLongMode mode, KvmRegisters registers) {}
