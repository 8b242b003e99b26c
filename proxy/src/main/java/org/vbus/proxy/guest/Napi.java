package org.vbus.proxy.guest;

/// Something a guest polls after an interrupt instead of taking more of them, as NAPI does for
/// network receive.
///
/// The interrupt schedules it with [Guest#schedule(Napi)]; it is polled with a budget until it does
/// less than that, then completed, which asks for interrupts again and looks once more.
public abstract class Napi {
  boolean scheduled;

  /// Not scheduled.
  protected Napi() {}

  /// Handles up to `budget` items.
  ///
  /// @return items handled; less than `budget` means nothing is left
  protected abstract int poll(int budget);

  /// Asks for interrupts again.
  ///
  /// @return whether there is work now, for which no interrupt may come; it is then polled again
  protected abstract boolean complete();
}
