package org.vbus.connector.kvm.guest;

import org.vbus.connector.kvm.KvmLayout;

/// Interrupt vectors as the guests use them.
public final class Vectors {
  /// Of the first device; the next one has the next vector.
  public static final int DEVICE = KvmLayout.FIRST_VECTOR;

  /// Of level 0 of the event rings; the next level has the next vector.
  public static final int LEVEL = 0xf0;

  /// Of the historical bridge, which has one.
  public static final int BRIDGE = LEVEL;

  /// The host changed a word of [GuestControl] or [AgentMailbox].
  public static final int CONTROL = 0xfe;

  private Vectors() {}
}
