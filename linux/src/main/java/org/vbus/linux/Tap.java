package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;

/// A tap interface: what the host's network stack sends to it is read here, what is written here
/// the stack receives. One call moves one Ethernet frame (no FCS), preceded by [#headerLength()]
/// bytes of virtio-net header, and never blocks.
///
/// Frames read are complete, checksummed and at most the MTU plus 14 bytes (18 with a VLAN tag),
/// unless [#offloads()] says what the kernel leaves to us; then they are up to [#LONGEST_FRAME].
/// What is written may need any of that. The interface vanishes with the last descriptor unless
/// somebody made it persistent.
///
/// One thread may read while another writes. Source: the kernel's tuntap interface,
/// `linux/if_tun.h`.
public final class Tap implements AutoCloseable {
  /// `sizeof(struct virtio_net_hdr_v1)`.
  public static final int VNET_HEADER = 12;

  /// Most bytes of a frame without its header: 65535 after an IPv6 header, with a VLAN tag.
  public static final int LONGEST_FRAME = 18 + 40 + 65535;

  /// Offload: checksums may be incomplete.
  public static final int CSUM = 0x01;

  /// Offload: TCP in IPv4 may have to be segmented.
  public static final int TSO4 = 0x02;

  /// Offload: TCP in IPv6 may have to be segmented.
  public static final int TSO6 = 0x04;

  /// Offload: also packets with CWR.
  public static final int TSO_ECN = 0x08;

  /// Offload: UDP in IPv4 may have to be segmented; Linux 6.2 or later.
  public static final int USO4 = 0x20;

  /// Offload: UDP in IPv6 may have to be segmented; Linux 6.2 or later.
  public static final int USO6 = 0x40;

  private static final Path NODE = Path.of("/dev/net/tun");
  private static final long TUNSETIFF = 0x400454caL;
  private static final long TUNSETOFFLOAD = 0x400454d0L;
  private static final long TUNSETVNETHDRSZ = 0x400454d8L;
  private static final long TUNSETVNETLE = 0x400454dcL;
  private static final int IFF_TAP_NO_PI = 0x0002 | 0x1000;
  private static final int IFF_VNET_HDR = 0x4000;

  private final Fd fd;
  private final String name;
  private final int headerLength;
  private final int offloads;
  private final int mtu;
  private final byte[] mac;

  private Tap(Fd fd, String name, int headerLength, int offloads, int mtu, byte[] mac) {
    this.fd = fd;
    this.name = name;
    this.headerLength = headerLength;
    this.offloads = offloads;
    this.mtu = mtu;
    this.mac = mac;
  }

  /// Creates the interface or attaches to it.
  ///
  /// @throws SystemCallException with a line that says what to do
  public static Tap open(TapOptions options) throws IOException {
    Linux.require();
    Path netns = options.netns();
    return netns == null ? openHere(options) : NetNamespace.call(netns, () -> openHere(options));
  }

  private static Tap openHere(TapOptions options) throws SystemCallException {
    String what =
        "tap "
            + options.name()
            + (options.netns() == null ? "" : " in network namespace " + options.netns());
    int number = Fd.open(NODE, LibC.O_RDWR | LibC.O_NONBLOCK);
    if (number < 0) {
      throw new SystemCallException(
          what, "open " + NODE, -number, openAdvice(-number, options.name()));
    }
    Fd fd = new Fd(number);
    try {
      String name = attach(fd, what, options);
      try (InterfaceControl control = new InterfaceControl(what, name)) {
        if (options.mtu() != 0) {
          control.setMtu(options.mtu());
        }
        if (options.up()) {
          control.setUp();
        }
        int headerLength = options.vnetHeader() ? VNET_HEADER : 0;
        int offloads = agree(fd, what, options.offloads());
        return new Tap(fd, name, headerLength, offloads, control.mtu(), control.mac());
      }
    } catch (SystemCallException e) {
      fd.close();
      throw e;
    }
  }

  /// The name the interface got.
  private static String attach(Fd fd, String what, TapOptions options) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(InterfaceControl.IFREQ_SIZE, Long.BYTES);
      request.setString(0, options.name());
      int flags = IFF_TAP_NO_PI | (options.vnetHeader() ? IFF_VNET_HDR : 0);
      request.set(JAVA_SHORT, InterfaceControl.VALUE, (short) flags);
      int result = LibC.ioctl(fd.number(), TUNSETIFF, request);
      if (result < 0) {
        throw new SystemCallException(
            what, "TUNSETIFF", -result, attachAdvice(-result, options.name()));
      }
      if (options.vnetHeader()) {
        MemorySegment value = arena.allocate(JAVA_INT);
        value.set(JAVA_INT, 0, VNET_HEADER);
        set(fd, what, "TUNSETVNETHDRSZ", TUNSETVNETHDRSZ, value);
        value.set(JAVA_INT, 0, 1);
        set(fd, what, "TUNSETVNETLE", TUNSETVNETLE, value);
      }
      return request.getString(0);
    }
  }

  /// Says what the kernel may leave to us; even nothing has to be said, because a persistent
  /// interface may remember the offloads of its last user.
  ///
  /// @return what it may
  private static int agree(Fd fd, String what, boolean wanted) throws SystemCallException {
    int basic = wanted ? CSUM | TSO4 | TSO6 | TSO_ECN : 0;
    if (wanted && LibC.ioctl(fd.number(), TUNSETOFFLOAD, basic | USO4 | USO6) == 0) {
      return basic | USO4 | USO6;
    }
    int _ =
        SystemCallException.check(
            what, "TUNSETOFFLOAD", LibC.ioctl(fd.number(), TUNSETOFFLOAD, basic));
    return basic;
  }

  private static void set(Fd fd, String what, String call, long request, MemorySegment value)
      throws SystemCallException {
    int _ = SystemCallException.check(what, call, LibC.ioctl(fd.number(), request, value));
  }

  private static String openAdvice(int errno, String name) {
    return switch (errno) {
      case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
          "Load the tun module (`modprobe tun`); in a container, pass the device /dev/net/tun in.";
      case Errno.EACCES, Errno.EPERM -> permissionAdvice(name);
      default -> "";
    };
  }

  private static String attachAdvice(int errno, String name) {
    return switch (errno) {
      case Errno.EPERM, Errno.EACCES -> permissionAdvice(name);
      case Errno.EBUSY -> "Another process holds it: stop that process or use another name.";
      case Errno.EINVAL ->
          "An interface of this name exists and is not a tap with one queue: use another name.";
      default -> "";
    };
  }

  private static String permissionAdvice(String name) {
    return "Run as root or with CAP_NET_ADMIN, or let root create the tap for you: `ip tuntap add"
        + " dev "
        + name
        + " mode tap user $USER`.";
  }

  /// Reads one frame with its header. A frame longer than `length` is cut off: leave room for
  /// `headerLength() + 18 + mtu()` bytes, with offloads for `headerLength() +` [#LONGEST_FRAME].
  ///
  /// @return bytes, or a negative [Errno]: `-EAGAIN` if no frame waits, `-EBADFD` if the interface
  ///   was deleted
  public int read(MemorySegment buffer, long offset, int length) {
    return fd.read(buffer, offset, length);
  }

  /// Writes one frame with its header.
  ///
  /// @return bytes, or a negative [Errno]: `-EAGAIN` if there is no room now, `-EIO` while the
  ///   interface is down, `-EINVAL` if header or frame make no sense, `-EBADFD` if the interface
  ///   was deleted
  public int write(MemorySegment buffer, long offset, int length) {
    return fd.write(buffer, offset, length);
  }

  /// The interface's name, with a number in place of `%d`.
  public String name() {
    return name;
  }

  /// Bytes before each frame: [#VNET_HEADER] or 0.
  public int headerLength() {
    return headerLength;
  }

  /// What the kernel may leave to us in frames that are read: [#CSUM] and so on, 0 without
  /// offloads.
  public int offloads() {
    return offloads;
  }

  /// As it was when the tap was opened, in bytes.
  public int mtu() {
    return mtu;
  }

  /// The host side's address when the tap was opened: 6 bytes.
  public byte[] mac() {
    return mac.clone();
  }

  /// For [Epoll]. Closing it closes this.
  public Fd fd() {
    return fd;
  }

  @Override
  public void close() {
    fd.close();
  }
}
