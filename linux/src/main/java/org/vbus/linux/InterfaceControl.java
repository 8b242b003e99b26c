package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Reads and sets one network interface of the calling thread's namespace (netdevice(7)). Sets only
/// what differs: an unprivileged user may then attach to an interface that root has prepared.
final class InterfaceControl implements AutoCloseable {
  // struct ifreq: name, then a union that these requests use as short, int or sockaddr.
  static final int NAME_SIZE = 16;
  static final long IFREQ_SIZE = 40;
  static final long VALUE = 16;
  private static final long SOCKADDR_DATA = VALUE + 2;

  private static final long SIOCGIFFLAGS = 0x8913;
  private static final long SIOCSIFFLAGS = 0x8914;
  private static final long SIOCGIFMTU = 0x8921;
  private static final long SIOCSIFMTU = 0x8922;
  private static final long SIOCGIFHWADDR = 0x8927;
  private static final short IFF_UP = 1;
  private static final int AF_INET = 2;
  private static final int SOCK_DGRAM_CLOEXEC = 0x2 | 0x80000;

  private final String what;
  private final String name;
  private final Fd socket;
  private final Arena arena = Arena.ofConfined();
  private final MemorySegment request;

  InterfaceControl(String what, String name) throws SystemCallException {
    this.what = what;
    this.name = name;
    socket =
        new Fd(
            SystemCallException.check(what, "socket", LibC.socket(AF_INET, SOCK_DGRAM_CLOEXEC, 0)));
    request = arena.allocate(IFREQ_SIZE, Long.BYTES);
    request.setString(0, name);
  }

  void setUp() throws SystemCallException {
    call("SIOCGIFFLAGS", SIOCGIFFLAGS, "");
    short flags = request.get(JAVA_SHORT, VALUE);
    if ((flags & IFF_UP) == 0) {
      request.set(JAVA_SHORT, VALUE, (short) (flags | IFF_UP));
      call("SIOCSIFFLAGS", SIOCSIFFLAGS, "ip link set dev " + name + " up");
    }
  }

  int mtu() throws SystemCallException {
    call("SIOCGIFMTU", SIOCGIFMTU, "");
    return request.get(JAVA_INT, VALUE);
  }

  void setMtu(int mtu) throws SystemCallException {
    if (mtu() != mtu) {
      request.set(JAVA_INT, VALUE, mtu);
      call("SIOCSIFMTU", SIOCSIFMTU, "ip link set dev " + name + " mtu " + mtu);
    }
  }

  byte[] mac() throws SystemCallException {
    call("SIOCGIFHWADDR", SIOCGIFHWADDR, "");
    byte[] mac = new byte[6];
    MemorySegment.copy(request, JAVA_BYTE, SOCKADDR_DATA, mac, 0, mac.length);
    return mac;
  }

  private void call(String call, long number, String command) throws SystemCallException {
    int result = LibC.ioctl(socket.number(), number, request);
    if (result < 0) {
      String advice =
          result == -Errno.EPERM && !command.isEmpty()
              ? "Run as root or with CAP_NET_ADMIN, or let root run `" + command + "` first."
              : "";
      throw new SystemCallException(what, call, -result, advice);
    }
  }

  @Override
  public void close() {
    arena.close();
    socket.close();
  }
}
