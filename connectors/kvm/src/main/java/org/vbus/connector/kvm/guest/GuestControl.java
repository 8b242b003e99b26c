package org.vbus.connector.kvm.guest;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// What the host asks of a guest that makes requests, in a page of its memory. Every field has 64
/// bytes of its own.
///
/// ```
///   0x00  allowed, 64 bits: requests the guest may have made so far, on each device
///   0x40  stop, 64 bits: not zero = make an end
///   0x80  asleep, 64 bits: written by the guest around hlt
/// ```
///
/// A closed loop is everything allowed at once; an open loop allows one more at each instant of its
/// schedule.
public final class GuestControl {
  /// Guest-physical address.
  public static final long ADDRESS = 0x54000;

  static final long ALLOWED = ADDRESS;
  static final long STOP = ADDRESS + GuestCounters.LINE;
  static final long ASLEEP = ADDRESS + 2 * GuestCounters.LINE;
  static final long SIZE = 3 * GuestCounters.LINE;

  private static final VarHandle LE64 =
      ValueLayout.JAVA_LONG
          .withOrder(ByteOrder.LITTLE_ENDIAN)
          .varHandle()
          .withInvokeExactBehavior();

  private final MemorySegment memory;

  /// That of the guest whose memory this is, from guest-physical 0 on.
  public GuestControl(MemorySegment memory) {
    this.memory = memory;
  }

  /// Lets the guest have made `requests` requests on each device, counted from its start. One
  /// thread.
  ///
  /// @return whether the guest sleeps and has to be interrupted on [Vectors#CONTROL]
  public boolean allow(long requests) {
    LE64.setOpaque(memory, ALLOWED, requests);
    // [MO-GUEST-1] FULL FENCE. Partner: MO-GUEST-2. Orders: allowed before our look at asleep.
    // Either the guest sees the new number before it halts, or we see that it sleeps.
    VarHandle.fullFence();
    return (long) LE64.getOpaque(memory, ASLEEP) != 0;
  }

  /// Tells the guest to make an end. It has to be interrupted on [Vectors#CONTROL] afterwards,
  /// unless it polls.
  public void stop() {
    LE64.setRelease(memory, STOP, 1L);
  }
}
