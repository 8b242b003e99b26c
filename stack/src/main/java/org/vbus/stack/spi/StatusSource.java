package org.vbus.stack.spi;

import java.util.List;

/// A part that has ports to show.
public interface StatusSource {
  /// Its ports now; any thread.
  List<PortStatus> ports();
}
