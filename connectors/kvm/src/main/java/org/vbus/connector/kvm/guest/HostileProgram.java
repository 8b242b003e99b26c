package org.vbus.connector.kvm.guest;

import java.lang.foreign.MemorySegment;
import java.util.function.Consumer;
import org.vbus.connector.kvm.x86.Assembler;

/// A guest that does what no guest should; made by [HostilePrograms].
///
/// @param name of what it does
/// @param ending how its time ends, if the host does not end it
/// @param body writes the instructions
public record HostileProgram(String name, Ending ending, Consumer<Assembler> body)
    implements GuestProgram {
  /// How the time of a guest ends.
  public enum Ending {
    /// It reports [GuestState#DONE].
    REPORT,
    /// It panics.
    PANIC,
    /// Its processor stops for good; the host sees an exit that cannot be resumed.
    BROKEN,
    /// Not at all.
    NEVER
  }

  @Override
  public GuestEntry install(MemorySegment memory) {
    GuestImage image = new GuestImage(memory);
    image.entry();
    image.guestCode().state(GuestState.RUNNING);
    body.accept(image.code());
    image.guestCode().enter(GuestState.DONE);
    image.guestCode().haltForever();
    return image.finish();
  }

  @Override
  public String toString() {
    return name;
  }
}
