package org.vbus.linux;

/// An interrupt number of a machine that stands for a message-signalled interrupt.
///
/// @param gsi 0 to 4095, for [KvmMachine#irqfd(EventFd, int)]
/// @param address where the message is written: `0xfee00000` plus the local APIC's id shifted by 12
/// @param data what is written: the vector in the low byte, fixed delivery, edge
public record KvmRoute(int gsi, long address, int data) {}
