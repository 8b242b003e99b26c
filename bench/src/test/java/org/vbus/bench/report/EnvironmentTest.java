package org.vbus.bench.report;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;

class EnvironmentTest {
  @Test
  void describesThisProcess() {
    Environment environment = Environment.detect("1.2", "abc", List.of("first"));
    assertThat(environment.cores()).isPositive();
    assertThat(environment.kernel()).startsWith(System.getProperty("os.name"));
    assertThat(environment.jdk()).contains(System.getProperty("java.runtime.version"));
    assertThat(environment.collector()).isNotBlank();
    assertThat(environment.cpu()).isNotBlank();
    assertThat(environment.notes()).startsWith("first");
  }

  @Test
  void keepsTheFlagsThatChangeHowCodeRunsAndNoDirectories() {
    assertThat(
            EnvironmentProbe.jvmFlags(
                List.of(
                    "-XX:+UseSerialGC",
                    "-Xmx1g",
                    "-XX:AOTCache=/home/somebody/vbus/vbus.aot",
                    "-Xlog:gc:file=/tmp/a/gc.log",
                    "-Dsecret=x",
                    "--module-path=/home/somebody/lib")))
        .containsExactly(
            "-XX:+UseSerialGC", "-Xmx1g", "-XX:AOTCache=vbus.aot", "-Xlog:gc:file=gc.log");
  }

  @Test
  void readsTheProcessorFromCpuinfo() {
    String cpuInfo =
        "processor\t: 0\nmodel name\t: Example CPU: 2 GHz\nflags\t\t: fpu vme hypervisor lm\n";
    assertThat(EnvironmentProbe.cpuModel(cpuInfo)).isEqualTo("Example CPU: 2 GHz");
    assertThat(EnvironmentProbe.isVirtualMachine(cpuInfo)).isTrue();
    assertThat(EnvironmentProbe.cpuModel("")).isEqualTo("unknown");
    assertThat(EnvironmentProbe.isVirtualMachine("flags\t: fpu hypervisors\n")).isFalse();
  }
}
