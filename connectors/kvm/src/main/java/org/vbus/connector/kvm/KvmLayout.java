package org.vbus.connector.kvm;

/// Where a guest under KVM finds what: the addresses, ports and vectors that host and guest agree
/// on. Memory begins at guest-physical 0 and ends below the first of these addresses.
///
/// ```
///   0            guest memory
///   0xcffff000   call registers of the historical vbus bridge
///   0xd0000000   register windows, one per 16 KiB: the bus, then a device each
///   0xfee00000   local APIC, target of message-signalled interrupts
/// ```
public final class KvmLayout {
  /// Memory of a guest may not reach up to here.
  public static final long MEMORY_LIMIT = 0xc000_0000L;

  /// Call registers of the bridge (BAR 0 of the historical PCI function).
  public static final long BRIDGE_CALLS = 0xcfff_f000L;

  /// Bytes of [#BRIDGE_CALLS] that are registers.
  public static final int BRIDGE_CALLS_SIZE = 64;

  /// First register window: that of the bus.
  public static final long WINDOWS = 0xd000_0000L;

  /// Bytes from one window to the next, as a power of two.
  public static final int WINDOW_SHIFT = 14;

  /// Most windows: the bus and so many slots less one.
  public static final int MAX_WINDOWS = 1 << 10;

  /// Local APIC.
  public static final long LOCAL_APIC = 0xfee0_0000L;

  /// A guest writes a 32-bit word here to say where it stands.
  public static final int REPORT_PORT = 0x510;

  /// A guest writes a 32-bit code here when it cannot go on.
  public static final int PANIC_PORT = 0x514;

  /// Kick port of slot 0: the guest writes the index of the queue, 32 bits.
  public static final int KICK_PORTS = 0xc000;

  /// Ports from one slot's kick port to the next.
  public static final int KICK_PORT_STEP = 4;

  /// Signal ports of the bridge (BAR 1 of the historical PCI function).
  public static final int BRIDGE_SIGNALS = 0xd800;

  /// Ports from [#BRIDGE_SIGNALS] on that are the bridge's.
  public static final int BRIDGE_SIGNALS_SIZE = 32;

  /// First vector for interrupts of the host; those below are exceptions.
  public static final int FIRST_VECTOR = 0x20;

  /// Vector of spurious interrupts, which nobody may use.
  public static final int SPURIOUS_VECTOR = 0xff;

  private KvmLayout() {}

  /// Whether a port is one of the bridge.
  public static boolean isBridgeSignal(int port) {
    return port >= BRIDGE_SIGNALS && port < BRIDGE_SIGNALS + BRIDGE_SIGNALS_SIZE;
  }

  /// Guest-physical address of a register window.
  public static long window(int window) {
    return WINDOWS + ((long) window << WINDOW_SHIFT);
  }

  /// Kick port of a slot.
  public static int kickPort(int slot) {
    return KICK_PORTS + slot * KICK_PORT_STEP;
  }

  /// The slot whose kick port this is, -1 for any other port.
  public static int slotOfKickPort(int port) {
    int at = port - KICK_PORTS;
    return at >= 0 && at < MAX_WINDOWS * KICK_PORT_STEP && at % KICK_PORT_STEP == 0
        ? at / KICK_PORT_STEP
        : -1;
  }
}
