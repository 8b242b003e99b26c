package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.x86.Condition.NOT_ZERO;
import static org.vbus.connector.kvm.x86.Register.RCX;

import java.lang.foreign.MemorySegment;
import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;

/// A loop of a known number of instructions between two reports, to find out whether this machine
/// executes or emulates its guests. It needs no bus.
public final class CalibrationProgram implements GuestProgram {
  /// Rounds between the reports, two instructions each.
  public static final int ROUNDS = 10_000;

  /// For anybody.
  public CalibrationProgram() {}

  /// Reports [GuestState#READY], loops, reports [GuestState#DONE].
  @Override
  public GuestEntry install(MemorySegment memory) {
    GuestImage image = new GuestImage(memory);
    Assembler a = image.code();
    GuestCode guest = image.guestCode();
    image.entry();
    guest.enter(GuestState.READY);
    a.mov(RCX, ROUNDS);
    Label round = a.mark("round");
    a.dec(RCX);
    a.jcc(NOT_ZERO, round);
    guest.enter(GuestState.DONE);
    guest.haltForever();
    return image.finish();
  }
}
