package org.vbus.bench;

/// Hears what a benchmark is doing; called on the thread that runs it, between measurements.
public interface Progress {
  /// The next run starts: `text` says which, on one line.
  void step(String text);

  /// Nobody listens.
  static Progress none() {
    return text -> {};
  }
}
