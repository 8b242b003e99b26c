package org.vbus.proxy.program;

import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;

/// The guest programs of this installation.
public final class GuestPrograms {
  private GuestPrograms() {}

  /// New instances by name.
  public static Map<String, GuestProgram> all() {
    Map<String, GuestProgram> found = new TreeMap<>();
    ServiceLoader.load(GuestProgram.class).forEach(program -> found.put(program.name(), program));
    return found;
  }
}
