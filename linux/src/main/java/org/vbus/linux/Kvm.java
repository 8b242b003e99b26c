package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;

import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.ToIntFunction;

/// The kernel's virtual machines on x86-64: `/dev/kvm`, opened. Membership of the group of that
/// file is all the privilege it takes.
///
/// ```
///   Kvm ---- KvmMachine (memory, interrupts, doorbells) ---- KvmVcpu (registers, run, stop)
///                  |                                            |
///                  +------------- KvmStatistics ----------------+---- KvmExit
/// ```
///
/// Any thread may use it. Close it after its machines. Source: `linux/kvm.h`.
public final class Kvm implements AutoCloseable {
  private static final Path NODE = Path.of("/dev/kvm");

  private static final long KVM_GET_API_VERSION = 0xae00;
  private static final long KVM_CREATE_VM = 0xae01;
  private static final long KVM_CHECK_EXTENSION = 0xae03;
  private static final long KVM_GET_VCPU_MMAP_SIZE = 0xae04;
  private static final long KVM_GET_SUPPORTED_CPUID = 0xc008ae05L;
  private static final int API_VERSION = 12;

  private static final KvmCapability[] REQUIRED = {
    KvmCapability.USER_MEMORY,
    KvmCapability.EXT_CPUID,
    KvmCapability.MP_STATE,
    KvmCapability.IRQCHIP,
    KvmCapability.IRQ_ROUTING,
    KvmCapability.IRQFD,
    KvmCapability.IOEVENTFD,
    KvmCapability.SIGNAL_MSI,
    KvmCapability.IMMEDIATE_EXIT
  };

  private final String what;
  private final Fd fd;

  private Kvm(String what, Fd fd) {
    this.what = what;
    this.fd = fd;
  }

  /// `/dev/kvm`, checked for what a machine needs here.
  ///
  /// @throws SystemCallException with a line that says what to do
  /// @throws UnsupportedOperationException elsewhere than on x86-64
  public static Kvm open() throws SystemCallException {
    return open(NODE);
  }

  /// The same by another name.
  public static Kvm open(Path node) throws SystemCallException {
    Linux.requireX86("virtual machines");
    String what = node.toString();
    int number = Fd.open(node, LibC.O_RDWR);
    if (number < 0) {
      throw new SystemCallException(what, "open", -number, advice(-number));
    }
    Kvm kvm = new Kvm(what, new Fd(number));
    try {
      kvm.checkVersion();
      kvm.require(REQUIRED);
      return kvm;
    } catch (SystemCallException | RuntimeException e) {
      kvm.close();
      throw e;
    }
  }

  /// Whether machines can be made here: empty if so, else one line that says why not and what to
  /// do. Makes and destroys one.
  public static String problem() {
    return problem(NODE);
  }

  /// The same by another name.
  public static String problem(Path node) {
    try (Kvm kvm = open(node);
        KvmMachine _ = kvm.createMachine()) {
      return "";
    } catch (IOException | UnsupportedOperationException e) {
      return String.valueOf(e.getMessage());
    }
  }

  static String advice(int errno) {
    return switch (errno) {
      case Errno.ENOENT, Errno.ENODEV, Errno.ENXIO ->
          "Load the module of this processor (`modprobe kvm_intel` or `modprobe kvm_amd`) and enable"
              + " virtualization in the firmware, or nested virtualization for this machine; in a"
              + " container, pass the device /dev/kvm in.";
      case Errno.EACCES ->
          "Join the group that owns the file, usually kvm (`usermod -aG kvm $USER`), and log in"
              + " again.";
      case Errno.EPERM ->
          "The container may not use this device: start it with `--device /dev/kvm`, or let its"
              + " device policy allow it.";
      case Errno.EBUSY ->
          "Another hypervisor holds the processor's virtualization: stop its machines first.";
      case Errno.ENOTTY, Errno.EINVAL -> "This file is not KVM: use /dev/kvm.";
      default -> "";
    };
  }

  private void checkVersion() throws SystemCallException {
    int version = fd.ioctl(KVM_GET_API_VERSION, 0);
    if (version < 0) {
      throw new SystemCallException(what, "KVM_GET_API_VERSION", -version, advice(-version));
    }
    if (version != API_VERSION) {
      throw new SystemCallException(
          what,
          "KVM_GET_API_VERSION",
          Errno.EOPNOTSUPP,
          "The kernel speaks version %d of the interface, this needs %d."
              .formatted(version, API_VERSION));
    }
  }

  /// The kernel's answer: 0 for what it lacks, else as [KvmCapability] says.
  public int capability(KvmCapability capability) {
    return Math.max(0, fd.ioctl(KVM_CHECK_EXTENSION, capability.number()));
  }

  /// For what [#open()] does not require already.
  ///
  /// @throws SystemCallException naming those that lack
  public void require(KvmCapability... capabilities) throws SystemCallException {
    require(what, this::capability, capabilities);
  }

  static void require(
      String what, ToIntFunction<KvmCapability> answers, KvmCapability... capabilities)
      throws SystemCallException {
    List<String> missing = new ArrayList<>();
    for (KvmCapability capability : capabilities) {
      if (answers.applyAsInt(capability) <= 0) {
        missing.add("KVM_CAP_" + capability);
      }
    }
    if (!missing.isEmpty()) {
      throw new SystemCallException(
          what,
          "KVM_CHECK_EXTENSION",
          Errno.EOPNOTSUPP,
          "This kernel's KVM lacks " + String.join(", ", missing) + ": use a newer kernel.");
    }
  }

  /// A machine without memory and vCPUs.
  ///
  /// @throws SystemCallException with a line that says what to do
  public KvmMachine createMachine() throws SystemCallException {
    int number = fd.ioctl(KVM_CREATE_VM, 0);
    if (number < 0) {
      throw new SystemCallException(what, "KVM_CREATE_VM", -number, advice(-number));
    }
    return KvmMachine.create(this, new Fd(number));
  }

  /// Bytes to map of a vCPU's descriptor.
  int vcpuMapping() throws SystemCallException {
    return SystemCallException.check(
        what, "KVM_GET_VCPU_MMAP_SIZE", fd.ioctl(KVM_GET_VCPU_MMAP_SIZE, 0));
  }

  /// What CPUID can say in a guest: `struct kvm_cpuid2`, with its entries.
  MemorySegment supportedCpuid(Arena arena) throws SystemCallException {
    for (int entries = 256; ; entries *= 2) {
      MemorySegment table = arena.allocate(KvmCpuid.bytes(entries), Long.BYTES);
      table.set(JAVA_INT, 0, entries);
      int result = fd.ioctl(KVM_GET_SUPPORTED_CPUID, table);
      if (result >= 0) {
        return table;
      }
      if (result != -Errno.E2BIG) {
        throw new SystemCallException(what, "KVM_GET_SUPPORTED_CPUID", -result);
      }
    }
  }

  @Override
  public void close() {
    fd.close();
  }
}
