package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.assertj.core.api.ThrowableAssert.ThrowingCallable;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Machines: how they are put together, what is refused, and that nothing stays behind.
final class KvmMachineTest {
  @BeforeEach
  void kvmIsThere() {
    KvmGuest.assumeUsable();
  }

  @Test
  void anEventDescriptorRaisesOneInterruptOnly() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.HALT);
        EventFd event = EventFd.create()) {
      guest.machine.irqfd(event, 24);
      assertFails(
          () -> guest.machine.irqfd(event, 25),
          "interrupt 25 by event descriptor: EBUSY: device or resource busy (KVM_IRQFD). This"
              + " descriptor raises an interrupt already: use one for each.");
      guest.machine.removeIrqfd(event, 24);
      guest.machine.irqfd(event, 25);
    }
  }

  @Test
  void aDoorbellHasOneListener() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.HALT);
        EventFd one = EventFd.create();
        EventFd two = EventFd.create()) {
      KvmDoorbell doorbell = KvmDoorbell.port(0xc000, 4).matching(3);
      guest.machine.ioeventfd(one, doorbell);
      guest.machine.ioeventfd(two, doorbell.matching(4));
      assertFails(
          () -> guest.machine.ioeventfd(two, doorbell),
          "doorbell at port 0xc000, 4 bytes, value 0x3: EEXIST: already exists (KVM_IOEVENTFD). A"
              + " descriptor listens there already.");
      assertFails(
          () -> guest.machine.removeIoeventfd(two, KvmDoorbell.mmio(KvmGuest.DEVICE, 0)),
          "doorbell at address 0xd0000000: ENOENT: no such file or directory (KVM_IOEVENTFD). This"
              + " descriptor does not listen there.");
      guest.machine.removeIoeventfd(one, doorbell);
      guest.machine.ioeventfd(two, doorbell);
    }
  }

  @Test
  void slotsDoNotOverlap() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.HALT);
        SharedMemory more = SharedMemory.create("vbus-test", 8192)) {
      assertFails(
          () -> guest.machine.memory(1, 0x1f_f000, more.segment()),
          "memory slot 1, 0x1ff000 to 0x200fff: EEXIST: already exists"
              + " (KVM_SET_USER_MEMORY_REGION). Another slot has part of this range.");
      guest.machine.memory(1, 0x20_0000, more.segment());
    }
  }

  @Test
  void memoryIsWholePagesOfNativeMemory() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.HALT);
        SharedMemory more = SharedMemory.create("vbus-test", 8192)) {
      MemorySegment pages = more.segment();
      MemorySegment[] segments = {
        pages.asSlice(1, 4096),
        pages.asSlice(0, 4095),
        pages.asSlice(0, 0),
        MemorySegment.ofArray(new byte[4096])
      };
      for (MemorySegment segment : segments) {
        assertThatThrownBy(() -> guest.machine.memory(1, 0x20_0000, segment))
            .isInstanceOf(IllegalArgumentException.class)
            .hasMessageStartingWith("guest memory consists of whole pages of native memory, not ");
      }
      assertThatThrownBy(() -> guest.machine.memory(1, 0x20_0800, pages))
          .isInstanceOf(IllegalArgumentException.class);
    }
  }

  @Test
  void partsComeOnceAndInOrder() throws Exception {
    try (KvmGuest guest = new KvmGuest(KvmGuest.HALT)) {
      assertFails(
          guest.machine::createInterruptController,
          "interrupt controller: EEXIST: already exists (KVM_CREATE_IRQCHIP). The machine has one.");
      assertFails(
          () -> guest.machine.createVcpu(0),
          "vCPU 0: EEXIST: already exists (KVM_CREATE_VCPU). The machine has a vCPU of this id.");
      KvmRoute route = new KvmRoute(24, KvmGuest.LOCAL_APIC, KvmGuest.VECTOR);
      assertFails(
          () -> guest.machine.routes(List.of(route, route)),
          "2 interrupt routes: EINVAL: invalid argument (KVM_SET_GSI_ROUTING). Each interrupt has"
              + " one route, and numbers end at 4095.");
    }
    try (Kvm kvm = Kvm.open();
        KvmMachine machine = kvm.createMachine();
        EventFd event = EventFd.create()) {
      assertFails(
          () -> machine.irqfd(event, 24),
          "interrupt 24 by event descriptor: EINVAL: invalid argument (KVM_IRQFD). The machine has"
              + " no interrupt controller.");
      KvmVcpu _ = machine.createVcpu(0);
      assertFails(
          machine::createInterruptController,
          "interrupt controller: EINVAL: invalid argument (KVM_CREATE_IRQCHIP). It must come before"
              + " the first vCPU.");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "true, 0x10000, 4, false, there is no port 0x10000 of 4 bytes",
    "true, 0xc000, 8, false, there is no port 0xc000 of 8 bytes",
    "true, -1, 4, false, there is no port 0xffffffffffffffff of 4 bytes",
    "false, 0xd0000000, 3, false, 'a doorbell''s length is 0, 1, 2, 4 or 8, not 3'",
    "false, 0xd0000000, 0, true, a doorbell that matches a value needs a length"
  })
  void impossibleDoorbellsAreRefused(
      boolean port, String address, int length, boolean matching, String message) {
    long where = Long.decode(address);
    assertThatThrownBy(() -> new KvmDoorbell(port, where, length, matching, 0))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage(message);
  }

  @Test
  void haltPollingCanBeSet() throws Exception {
    try (Kvm kvm = Kvm.open();
        KvmMachine machine = kvm.createMachine()) {
      assertThat(machine.haltPolling(0)).isEqualTo(kvm.capability(KvmCapability.HALT_POLL) > 0);
    }
  }

  @Test
  void whatIsClosedLeavesNoDescriptorAndNoMappingBehind() throws Exception {
    liveAndDie();
    long descriptors = openDescriptors();
    for (int i = 0; i < 100; i++) {
      liveAndDie();
    }
    assertThat(openDescriptors()).isEqualTo(descriptors);
    assertThat(vcpuMappings()).isZero();
  }

  private static void liveAndDie() throws Exception {
    try (KvmGuest guest = new KvmGuest("ef");
        EventFd event = EventFd.create()) {
      guest.machine.irqfd(event, 24);
      guest.machine.ioeventfd(event, KvmDoorbell.mmio(KvmGuest.DEVICE, 4));
      assertThat(guest.said()).isZero();
      assertThat(guest.machine.statistics().names()).isSameAs(guest.machine.statistics().names());
      assertThat(guest.vcpu.statistics().snapshot(new long[200])).isNotNegative();
      assertThat(vcpuMappings()).isEqualTo(1);
      assertThatThrownBy(() -> guest.machine.createVcpu(0)).isInstanceOf(IOException.class);
    }
  }

  private static long openDescriptors() throws IOException {
    try (var list = Files.list(Path.of("/proc/self/fd"))) {
      return list.count();
    }
  }

  private static long vcpuMappings() throws IOException {
    try (var lines = Files.lines(Path.of("/proc/self/maps"))) {
      return lines.filter(line -> line.contains("kvm-vcpu")).count();
    }
  }

  @Test
  void aClosedMachineAnswersEbadf() throws Exception {
    Kvm kvm = Kvm.open();
    KvmMachine machine = kvm.createMachine();
    machine.createInterruptController();
    KvmVcpu vcpu = machine.createVcpu(0);
    machine.close();
    machine.close();
    vcpu.stop();
    assertThat(vcpu.run()).isEqualTo(-Errno.EBADF);
    assertThat(machine.signalMsi(KvmGuest.LOCAL_APIC, KvmGuest.VECTOR)).isEqualTo(-Errno.EBADF);
    assertThatThrownBy(() -> machine.createVcpu(1)).hasMessageContaining("EBADF");
    kvm.close();
    assertThatThrownBy(kvm::createMachine).hasMessageContaining("EBADF");
  }

  private static void assertFails(ThrowingCallable call, String message) {
    assertThatThrownBy(call).isInstanceOf(SystemCallException.class).hasMessage(message);
  }
}
