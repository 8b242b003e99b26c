package org.vbus.stack.spi;

/// Counters of one port, in the order of its switch.
///
/// @param owner the switch
/// @param port the port's name
/// @param up whether frames can pass
/// @param ingressFrames frames from the port into the switch
/// @param ingressBytes their bytes
/// @param egressFrames frames out of the port
/// @param egressBytes their bytes
/// @param drops frames dropped on either side
/// @param dropText why, such as `no-buffer 12`, or empty
public record PortStatus(
    String owner,
    String port,
    boolean up,
    long ingressFrames,
    long ingressBytes,
    long egressFrames,
    long egressBytes,
    long drops,
    String dropText) {}
