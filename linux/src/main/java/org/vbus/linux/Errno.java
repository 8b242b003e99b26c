package org.vbus.linux;

/// Error numbers of Linux (errno(3)), the same on x86-64 and aarch64. Calls on the data path return
/// them negated: `if (n == -Errno.EAGAIN)`.
public final class Errno {
  public static final int EPERM = 1;
  public static final int ENOENT = 2;
  public static final int EINTR = 4;
  public static final int EIO = 5;
  public static final int ENXIO = 6;
  public static final int E2BIG = 7;
  public static final int EBADF = 9;
  public static final int EAGAIN = 11;
  public static final int ENOMEM = 12;
  public static final int EACCES = 13;
  public static final int EFAULT = 14;
  public static final int EBUSY = 16;
  public static final int EEXIST = 17;
  public static final int ENODEV = 19;
  public static final int EINVAL = 22;
  public static final int EMFILE = 24;
  public static final int ENOTTY = 25;

  /// The file is fine, what it stood for is gone: a tap whose interface was deleted.
  public static final int EBADFD = 77;

  /// The other end of a socket or pipe is closed.
  public static final int EPIPE = 32;

  /// The kernel has no such call.
  public static final int ENOSYS = 38;

  public static final int EOPNOTSUPP = 95;

  /// A socket of that name exists, whether or not anybody listens.
  public static final int EADDRINUSE = 98;

  /// The other end gave up before it was accepted.
  public static final int ECONNABORTED = 103;

  /// The other end went away with data unread.
  public static final int ECONNRESET = 104;

  /// Nobody listens on the socket.
  public static final int ECONNREFUSED = 111;

  private Errno() {}

  /// Name and meaning, for people: `EACCES: permission denied`. Takes the positive number.
  public static String describe(int errno) {
    return switch (errno) {
      case EPERM -> "EPERM: operation not permitted";
      case ENOENT -> "ENOENT: no such file or directory";
      case 3 -> "ESRCH: no such process";
      case EINTR -> "EINTR: interrupted by a signal";
      case EIO -> "EIO: input/output error";
      case ENXIO -> "ENXIO: no such device or address";
      case E2BIG -> "E2BIG: argument too big";
      case EBADF -> "EBADF: bad or closed file descriptor";
      case EAGAIN -> "EAGAIN: try again";
      case ENOMEM -> "ENOMEM: out of memory";
      case EACCES -> "EACCES: permission denied";
      case EFAULT -> "EFAULT: bad address";
      case EBUSY -> "EBUSY: device or resource busy";
      case EEXIST -> "EEXIST: already exists";
      case ENODEV -> "ENODEV: no such device";
      case 20 -> "ENOTDIR: not a directory";
      case 21 -> "EISDIR: is a directory";
      case EINVAL -> "EINVAL: invalid argument";
      case 23 -> "ENFILE: too many open files in the system";
      case EMFILE -> "EMFILE: too many open files in this process";
      case ENOTTY -> "ENOTTY: the device does not know this request";
      case 27 -> "EFBIG: file too large";
      case 28 -> "ENOSPC: no space left";
      case 29 -> "ESPIPE: not seekable";
      case 30 -> "EROFS: read-only file system";
      case EPIPE -> "EPIPE: the other end is closed";
      case 34 -> "ERANGE: result out of range";
      case 36 -> "ENAMETOOLONG: name too long";
      case ENOSYS -> "ENOSYS: not implemented by this kernel";
      case 40 -> "ELOOP: too many symbolic links";
      case EBADFD -> "EBADFD: the interface behind the descriptor is gone";
      case 90 -> "EMSGSIZE: message too long";
      case EOPNOTSUPP -> "EOPNOTSUPP: operation not supported";
      case 97 -> "EAFNOSUPPORT: address family not supported";
      case EADDRINUSE -> "EADDRINUSE: address in use";
      case 100 -> "ENETDOWN: network is down";
      case ECONNRESET -> "ECONNRESET: connection reset by peer";
      case 105 -> "ENOBUFS: no buffer space";
      case 110 -> "ETIMEDOUT: timed out";
      case ECONNREFUSED -> "ECONNREFUSED: connection refused";
      default -> "errno " + errno;
    };
  }
}
