package org.vbus.stack.spi;

import java.io.IOException;

/// A part of a stack that is started before devices are plugged and stopped after they are gone: a
/// switch, an uplink, a capture. Control thread.
public interface Service extends AutoCloseable {
  /// Acquires what it needs from the machine.
  ///
  /// @throws IOException when the machine lacks it; the message says what, where and what to do
  void start() throws IOException;

  /// Releases it; called once, also when `start` failed or was never called.
  @Override
  void close();
}
