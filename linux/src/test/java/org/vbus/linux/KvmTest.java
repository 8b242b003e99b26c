package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.condition.EnabledIfSystemProperty;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

/// `/dev/kvm` as it is found or not.
final class KvmTest {
  @TempDir static Path directory;

  static Stream<Arguments> filesThatAreNotKvm() throws Exception {
    return Stream.of(
        Arguments.of(
            Path.of("/dev/no-such-kvm"),
            "ENOENT: no such file or directory (open). Load the module of this processor"
                + " (`modprobe kvm_intel` or `modprobe kvm_amd`) and enable virtualization in the"
                + " firmware, or nested virtualization for this machine; in a container, pass the"
                + " device /dev/kvm in."),
        Arguments.of(
            Path.of("/dev/null"),
            "ENOTTY: the device does not know this request (KVM_GET_API_VERSION). This file is not"
                + " KVM: use /dev/kvm."),
        Arguments.of(
            Files.createFile(directory.resolve("plain")),
            "ENOTTY: the device does not know this request (KVM_GET_API_VERSION). This file is not"
                + " KVM: use /dev/kvm."),
        Arguments.of(directory, "EISDIR: is a directory (open)"));
  }

  @EnabledIfSystemProperty(named = "os.arch", matches = "amd64|x86_64")
  @ParameterizedTest
  @MethodSource("filesThatAreNotKvm")
  void aFileThatIsNotKvmIsNamedWithTheReasonAndTheRemedy(Path file, String message) {
    assertThatThrownBy(() -> Kvm.open(file))
        .isInstanceOf(SystemCallException.class)
        .hasMessage(file + ": " + message);
    assertThat(Kvm.problem(file)).isEqualTo(file + ": " + message);
  }

  @EnabledIfSystemProperty(named = "os.arch", matches = "amd64|x86_64")
  @Test
  void withoutPermissionTheMessageNamesTheGroup() throws Exception {
    Path file = Files.createFile(directory.resolve("locked"));
    assertThat(file.toFile().setReadable(false, false)).isTrue();
    assertThat(file.toFile().setWritable(false, false)).isTrue();
    assertThat(Unprivileged.call(() -> Kvm.problem(file)))
        .isEqualTo(
            file
                + ": EACCES: permission denied (open). Join the group that owns the file, usually"
                + " kvm (`usermod -aG kvm $USER`), and log in again.");
  }

  @ParameterizedTest
  @CsvSource({
    "19, Load the module of this processor",
    "6, Load the module of this processor",
    "1, The container may not use this device: start it with `--device /dev/kvm`",
    "16, Another hypervisor holds the processor's virtualization: stop its machines first.",
    "22, This file is not KVM",
    "12, ''"
  })
  void whatCannotBeProvokedHereHasItsRemedyToo(int errno, String remedy) {
    assertThat(Kvm.advice(errno)).startsWith(remedy).doesNotContain("\n");
    assertThat(Kvm.advice(errno).isEmpty()).isEqualTo(remedy.isEmpty());
  }

  @Test
  void whatTheKernelLacksIsNamed() {
    assertThatThrownBy(() ->
            Kvm.require(
                "/dev/kvm",
                capability -> capability == KvmCapability.IRQCHIP ? 1 : 0,
                KvmCapability.IRQCHIP,
                KvmCapability.IRQFD,
                KvmCapability.IMMEDIATE_EXIT))
        .isInstanceOf(SystemCallException.class)
        .hasMessage(
            "/dev/kvm: EOPNOTSUPP: operation not supported (KVM_CHECK_EXTENSION). This kernel's KVM"
                + " lacks KVM_CAP_IRQFD, KVM_CAP_IMMEDIATE_EXIT: use a newer kernel.");
  }

  @Test
  void anUnsupportedProcessorIsNamedInOneLine() {
    assertThatThrownBy(() -> Linux.requireX86("virtual machines", "aarch64"))
        .isInstanceOf(UnsupportedOperationException.class)
        .hasMessage("virtual machines: needs x86-64; this JVM runs on aarch64");
  }

  @Test
  void aUsableKvmHasNoProblemAndSaysWhatItCan() throws Exception {
    KvmGuest.assumeUsable();
    try (Kvm kvm = Kvm.open()) {
      assertThat(kvm.capability(KvmCapability.MAX_VCPUS)).isPositive();
      assertThat(kvm.capability(KvmCapability.COALESCED_MMIO)).isPositive();
      kvm.require(KvmCapability.NR_MEMSLOTS);
    }
  }
}
