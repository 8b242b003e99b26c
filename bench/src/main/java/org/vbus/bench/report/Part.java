package org.vbus.bench.report;

import java.util.List;

/// Names of the usual parts in [Run#parts()], each an event count per completed I/O.
///
/// The names in [#EXITS] make up the exits per I/O; the others explain why it is what it is. A run
/// may carry parts that are not named here: they appear in the JSON and HTML reports.
public final class Part {
  /// Kicks that crossed the boundary (driver to device).
  public static final String KICKS = "kicks";

  /// Times the guest's execution was really diverted.
  public static final String INTERRUPTS = "interrupts";

  /// What the interrupts cost the guest in exits besides, such as acknowledging them.
  public static final String INTERRUPT_EXITS = "interruptExits";

  /// Accesses to device registers and config space that stopped the guest.
  public static final String REGISTER_ACCESSES = "registerAccesses";

  /// Times the guest had nothing to do and gave up its processor.
  public static final String HALTS = "halts";

  /// Kicks the driver did not send because the device had asked for none.
  public static final String KICKS_SUPPRESSED = "kicksSuppressed";

  /// Signals the device asked for.
  public static final String SIGNALS = "signals";

  /// Signals that needed no interrupt of their own.
  public static final String SIGNALS_COALESCED = "signalsCoalesced";

  /// Times a sleeping side had to be woken.
  public static final String WAKES = "wakes";

  /// The parts that add up to the exits per I/O.
  public static final List<String> EXITS =
      List.of(KICKS, INTERRUPTS, INTERRUPT_EXITS, REGISTER_ACCESSES, HALTS);

  /// All names above, in the order in which they are printed.
  public static final List<String> ALL =
      List.of(
          KICKS,
          INTERRUPTS,
          INTERRUPT_EXITS,
          REGISTER_ACCESSES,
          HALTS,
          KICKS_SUPPRESSED,
          SIGNALS,
          SIGNALS_COALESCED,
          WAKES);

  private Part() {}
}
