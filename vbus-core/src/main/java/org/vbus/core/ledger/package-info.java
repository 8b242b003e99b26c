/// The exit ledger: what crosses the boundary, counted where it crosses.
///
/// South counts what it asks for (signals), north what diverts it (interrupts, halts) and what it
/// traps for (kicks, register accesses). Exits per I/O = (kicks + interrupts + register accesses +
/// halts) / I/O.
package org.vbus.core.ledger;
