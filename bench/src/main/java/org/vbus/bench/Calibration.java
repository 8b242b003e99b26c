package org.vbus.bench;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import org.vbus.connector.kvm.KickDelivery;
import org.vbus.connector.kvm.guest.CalibrationProgram;
import org.vbus.connector.kvm.guest.GuestState;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.linux.Kvm;
import org.vbus.linux.KvmStatistics;

/// What kind of KVM this is, found out by a guest that does nothing but count: whether the kernel
/// emulates its instructions, and what the machine says about itself.
///
/// @param label `emulated`, `vmx`, `svm`, with `, nested` where a hypervisor is below
/// @param notes what a reader must know
record Calibration(String label, List<String> notes) {
  private static final double EMULATED = 0.5;

  static Calibration of(Kvm kvm, Placement placement) throws IOException {
    double emulated = emulatedPerInstruction(kvm, placement);
    String flags = cpuFlags();
    boolean nested = flags.contains(" hypervisor ");
    String kind = emulated > EMULATED ? "emulated" : flags.contains(" svm ") ? "svm" : "vmx";
    String label = kind + (nested && emulated <= EMULATED ? ", nested" : "");
    List<String> notes = new ArrayList<>();
    notes.add(
        emulated > EMULATED
            ? ("kvm: emulated (functional only; exits and latency not comparable with hardware):"
                    + " the kernel emulated %.2f of each instruction.")
                .formatted(emulated)
            : "kvm: %s; the kernel emulated %.4f of each instruction.".formatted(label, emulated));
    notes.add(
        "kvm: apicv %s, avic %s, halt_poll_ns %s."
            .formatted(
                parameter("kvm_intel", "enable_apicv"),
                parameter("kvm_amd", "avic"),
                parameter("kvm", "halt_poll_ns")));
    return new Calibration(label, notes);
  }

  private static double emulatedPerInstruction(Kvm kvm, Placement placement) throws IOException {
    try (KvmStack stack =
        new KvmStack(
            kvm,
            new CalibrationProgram(),
            SignalPolicy.POLLED,
            1,
            1,
            KickDelivery.TRAPPED,
            placement)) {
      stack.await(GuestState.DONE);
      KvmStatistics statistics = stack.host().vcpu().statistics();
      long emulated = statistics.get("insn_emulation");
      return emulated < 0 ? 0 : (double) emulated / (2 * CalibrationProgram.ROUNDS);
    }
  }

  private static String cpuFlags() {
    try {
      for (String line : Files.readAllLines(Path.of("/proc/cpuinfo"))) {
        if (line.startsWith("flags")) {
          return line.substring(line.indexOf(':') + 1).toLowerCase(Locale.ROOT) + " ";
        }
      }
    } catch (IOException _) {
      return "";
    }
    return "";
  }

  private static String parameter(String module, String name) {
    try {
      return Files.readString(Path.of("/sys/module", module, "parameters", name)).strip();
    } catch (IOException _) {
      return "unknown";
    }
  }
}
