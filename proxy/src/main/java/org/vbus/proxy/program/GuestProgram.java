package org.vbus.proxy.program;

import org.vbus.proxy.guest.Guest;

/// What a guest written in Java does with its devices: names its drivers and connects them. Found
/// with [java.util.ServiceLoader]; a public class with a public constructor without parameters.
public interface GuestProgram {
  /// Name in configurations.
  String name();

  /// Prepares the guest on its own processor, before its bus starts: registers driver factories.
  /// Everything else happens in their callbacks.
  void prepare(Guest guest);
}
