package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_INT;
import static java.lang.foreign.ValueLayout.JAVA_LONG;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// A virtual machine: guest memory, interrupts into it, doorbells out of it, and its vCPUs.
///
/// Built in this order: interrupt controller, vCPUs; memory, routes and descriptors at any time,
/// also while the guest runs. [#signalMsi(long, int)] may be called by any thread, the rest by one
/// at a time. [#close()] ends the vCPUs too. The three pages below 0xfffc0000 are KVM's own.
public final class KvmMachine implements AutoCloseable {
  private static final long KVM_CREATE_VCPU = 0xae41;
  private static final long KVM_SET_USER_MEMORY_REGION = 0x4020ae46L;
  private static final long KVM_SET_TSS_ADDR = 0xae47;
  private static final long KVM_SET_IDENTITY_MAP_ADDR = 0x4008ae48L;
  private static final long KVM_CREATE_IRQCHIP = 0xae60;
  private static final long KVM_SET_GSI_ROUTING = 0x4008ae6aL;
  private static final long KVM_IRQFD = 0x4020ae76L;
  private static final long KVM_IOEVENTFD = 0x4040ae79L;
  private static final long KVM_ENABLE_CAP = 0x4068aea3L;
  private static final long KVM_SIGNAL_MSI = 0x4020aea5L;

  private static final long PAGE = 4096;

  /// Where an Intel processor finds its page tables and task state while a vCPU is in real mode.
  private static final long IDENTITY_MAP = 0xfffb_c000L;

  private static final long TSS = IDENTITY_MAP + PAGE;

  private static final long REGION_BYTES = 32;
  private static final long ROUTING_HEADER_BYTES = 8;
  private static final long ROUTE_BYTES = 48;
  private static final int ROUTE_TYPE_MSI = 2;
  private static final long IRQFD_BYTES = 32;
  private static final int IRQFD_DEASSIGN = 1;
  private static final long IOEVENTFD_BYTES = 64;
  private static final int IOEVENTFD_DATAMATCH = 1;
  private static final int IOEVENTFD_PIO = 2;
  private static final int IOEVENTFD_DEASSIGN = 4;
  private static final long ENABLE_CAP_BYTES = 104;
  private static final long MSI_BYTES = 32;

  /// struct kvm_msi of the thread that sends.
  private static final ThreadLocal<MemorySegment> MSI =
      ThreadLocal.withInitial(() -> Arena.ofAuto().allocate(MSI_BYTES, Long.BYTES));

  private final Kvm kvm;
  private final Fd fd;
  private final KvmStatistics statistics;
  private final List<KvmVcpu> vcpus = new ArrayList<>();

  /// By slot: keeps alive what nobody else may refer to any more.
  private final Map<Integer, MemorySegment> memory = new HashMap<>();

  private KvmMachine(Kvm kvm, Fd fd, KvmStatistics statistics) {
    this.kvm = kvm;
    this.fd = fd;
    this.statistics = statistics;
  }

  /// Takes ownership of `fd`.
  static KvmMachine create(Kvm kvm, Fd fd) throws SystemCallException {
    String what = "machine";
    try (Arena arena = Arena.ofConfined()) {
      if (kvm.capability(KvmCapability.SET_IDENTITY_MAP_ADDR) > 0) {
        MemorySegment address = arena.allocateFrom(JAVA_LONG, IDENTITY_MAP);
        check(what, "KVM_SET_IDENTITY_MAP_ADDR", fd.ioctl(KVM_SET_IDENTITY_MAP_ADDR, address));
      }
      if (kvm.capability(KvmCapability.SET_TSS_ADDR) > 0) {
        check(what, "KVM_SET_TSS_ADDR", fd.ioctl(KVM_SET_TSS_ADDR, TSS));
      }
      return new KvmMachine(kvm, fd, KvmStatistics.of("statistics of the machine", fd));
    } catch (SystemCallException | RuntimeException e) {
      fd.close();
      throw e;
    }
  }

  /// Makes `segment` the guest's memory from `gpa` on. Guest and kernel use it until this is
  /// closed, whatever its arena does meanwhile: whoever unmaps it earlier lets the guest into what
  /// is mapped there next.
  ///
  /// @param slot 0 up to [KvmCapability#NR_MEMSLOTS]
  /// @param gpa a multiple of 4096
  /// @param segment native; address and size are multiples of 4096
  public void memory(int slot, long gpa, MemorySegment segment) throws SystemCallException {
    if (!segment.isNative()
        || ((gpa | segment.address() | segment.byteSize()) & PAGE - 1) != 0
        || segment.byteSize() == 0) {
      throw new IllegalArgumentException(
          "guest memory consists of whole pages of native memory, not %d bytes at 0x%x for 0x%x"
              .formatted(segment.byteSize(), segment.address(), gpa));
    }
    String what = "memory slot %d, 0x%x to 0x%x".formatted(slot, gpa, gpa + segment.byteSize() - 1);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment region = arena.allocate(REGION_BYTES, Long.BYTES);
      region.set(JAVA_INT, 0, slot);
      region.set(JAVA_LONG, 8, gpa);
      region.set(JAVA_LONG, 16, segment.byteSize());
      region.set(JAVA_LONG, 24, segment.address());
      check(what, "KVM_SET_USER_MEMORY_REGION", fd.ioctl(KVM_SET_USER_MEMORY_REGION, region));
    }
    memory.put(slot, segment);
  }

  /// Puts interrupt controllers into the kernel: a local APIC for each vCPU to come, and those of a
  /// PC. From then on `hlt` waits in the kernel.
  public void createInterruptController() throws SystemCallException {
    check("interrupt controller", "KVM_CREATE_IRQCHIP", fd.ioctl(KVM_CREATE_IRQCHIP, 0));
  }

  /// A vCPU, with all that this kernel's CPUID can say and `id` as the id of its local APIC.
  ///
  /// @param id 0 for the first, below 255
  public KvmVcpu createVcpu(int id) throws SystemCallException {
    if (id < 0 || id > 254) {
      throw new IllegalArgumentException("vCPU id " + id + " is not in 0 to 254");
    }
    String what = "vCPU " + id;
    int number = check(what, "KVM_CREATE_VCPU", fd.ioctl(KVM_CREATE_VCPU, id));
    KvmVcpu vcpu = KvmVcpu.create(what, id, new Fd(number), kvm);
    vcpus.add(vcpu);
    return vcpu;
  }

  /// Says what each interrupt number stands for, in place of all that was said before.
  public void routes(List<KvmRoute> routes) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment table =
          arena.allocate(ROUTING_HEADER_BYTES + routes.size() * ROUTE_BYTES, Long.BYTES);
      table.set(JAVA_INT, 0, routes.size());
      long at = ROUTING_HEADER_BYTES;
      for (KvmRoute route : routes) {
        table.set(JAVA_INT, at, route.gsi());
        table.set(JAVA_INT, at + 4, ROUTE_TYPE_MSI);
        table.set(JAVA_INT, at + 16, (int) route.address());
        table.set(JAVA_INT, at + 20, (int) (route.address() >>> Integer.SIZE));
        table.set(JAVA_INT, at + 24, route.data());
        at += ROUTE_BYTES;
      }
      check(
          routes.size() + " interrupt routes",
          "KVM_SET_GSI_ROUTING",
          fd.ioctl(KVM_SET_GSI_ROUTING, table));
    }
  }

  /// Lets each signal of `event` raise an interrupt, as [#routes(List)] says now or later.
  public void irqfd(EventFd event, int gsi) throws SystemCallException {
    irqfd(event, gsi, 0);
  }

  /// Undoes [#irqfd(EventFd, int)].
  public void removeIrqfd(EventFd event, int gsi) throws SystemCallException {
    irqfd(event, gsi, IRQFD_DEASSIGN);
  }

  private void irqfd(EventFd event, int gsi, int flags) throws SystemCallException {
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(IRQFD_BYTES, Long.BYTES);
      request.set(JAVA_INT, 0, event.fd().number());
      request.set(JAVA_INT, 4, gsi);
      request.set(JAVA_INT, 8, flags);
      check("interrupt " + gsi + " by event descriptor", "KVM_IRQFD", fd.ioctl(KVM_IRQFD, request));
    }
  }

  /// Lets a guest's write signal `event` instead of leaving the guest.
  public void ioeventfd(EventFd event, KvmDoorbell doorbell) throws SystemCallException {
    ioeventfd(event, doorbell, 0);
  }

  /// Undoes [#ioeventfd(EventFd, KvmDoorbell)].
  public void removeIoeventfd(EventFd event, KvmDoorbell doorbell) throws SystemCallException {
    ioeventfd(event, doorbell, IOEVENTFD_DEASSIGN);
  }

  private void ioeventfd(EventFd event, KvmDoorbell doorbell, int deassign)
      throws SystemCallException {
    int flags =
        deassign
            | (doorbell.port() ? IOEVENTFD_PIO : 0)
            | (doorbell.matching() ? IOEVENTFD_DATAMATCH : 0);
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(IOEVENTFD_BYTES, Long.BYTES);
      request.set(JAVA_LONG, 0, doorbell.match());
      request.set(JAVA_LONG, 8, doorbell.address());
      request.set(JAVA_INT, 16, doorbell.length());
      request.set(JAVA_INT, 20, event.fd().number());
      request.set(JAVA_INT, 24, flags);
      check("doorbell at " + doorbell, "KVM_IOEVENTFD", fd.ioctl(KVM_IOEVENTFD, request));
    }
  }

  /// Sends a message-signalled interrupt; without allocation, by any thread.
  ///
  /// @param address and data as in [KvmRoute]
  /// @return positive if it was taken, 0 if one of the same vector was still pending or the local
  ///   APIC is off, or a negative [Errno]
  public int signalMsi(long address, int data) {
    MemorySegment msi = MSI.get();
    msi.set(JAVA_INT, 0, (int) address);
    msi.set(JAVA_INT, 4, (int) (address >>> Integer.SIZE));
    msi.set(JAVA_INT, 8, data);
    return fd.ioctl(KVM_SIGNAL_MSI, msi);
  }

  /// How long a vCPU of this machine that halted is polled for, before its thread sleeps.
  ///
  /// @return false where this kernel does not let us say
  public boolean haltPolling(int nanos) throws SystemCallException {
    if (kvm.capability(KvmCapability.HALT_POLL) <= 0) {
      return false;
    }
    try (Arena arena = Arena.ofConfined()) {
      MemorySegment request = arena.allocate(ENABLE_CAP_BYTES, Long.BYTES);
      request.set(JAVA_INT, 0, KvmCapability.HALT_POLL.number());
      request.set(JAVA_LONG, 8, nanos);
      check(
          "halt polling of " + nanos + " ns", "KVM_ENABLE_CAP", fd.ioctl(KVM_ENABLE_CAP, request));
      return true;
    }
  }

  /// Counters of the machine, of which none is an exit: those are [KvmVcpu#statistics()].
  public KvmStatistics statistics() {
    return statistics;
  }

  private static int check(String what, String call, int result) throws SystemCallException {
    if (result < 0) {
      throw new SystemCallException(what, call, -result, advice(call, -result));
    }
    return result;
  }

  private static String advice(String call, int errno) {
    return switch (call) {
      case "KVM_SET_USER_MEMORY_REGION" ->
          errno == Errno.EEXIST ? "Another slot has part of this range." : "";
      case "KVM_CREATE_IRQCHIP" ->
          switch (errno) {
            case Errno.EEXIST -> "The machine has one.";
            case Errno.EINVAL -> "It must come before the first vCPU.";
            default -> "";
          };
      case "KVM_CREATE_VCPU" -> errno == Errno.EEXIST ? "The machine has a vCPU of this id." : "";
      case "KVM_SET_GSI_ROUTING" ->
          errno == Errno.EINVAL ? "Each interrupt has one route, and numbers end at 4095." : "";
      case "KVM_IRQFD" ->
          switch (errno) {
            case Errno.EBUSY -> "This descriptor raises an interrupt already: use one for each.";
            case Errno.EINVAL -> "The machine has no interrupt controller.";
            default -> "";
          };
      case "KVM_IOEVENTFD" ->
          switch (errno) {
            case Errno.EEXIST -> "A descriptor listens there already.";
            case Errno.ENOENT -> "This descriptor does not listen there.";
            default -> "";
          };
      default -> "";
    };
  }

  @Override
  public void close() {
    for (KvmVcpu vcpu : vcpus) {
      vcpu.close();
    }
    statistics.close();
    fd.close();
  }
}
