package org.vbus.bench.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.util.List;
import java.util.Set;
import org.junit.jupiter.api.Test;

class ScaleOptionsTest {
  @Test
  void wrongOnesAreRefusedByName() {
    ScaleOptions options = ScaleOptions.quick();
    assertThatThrownBy(() -> options.parts(Set.of("disks")))
        .hasMessage("no part disks; there are [devices, macs, start]");
    assertThatThrownBy(() -> options.connectors(Set.of("xen"))).hasMessageContaining("xen");
    assertThatThrownBy(() -> options.devices(List.of(5000))).hasMessageContaining("devices");
    assertThatThrownBy(() -> options.addresses(List.of(0))).hasMessageContaining("addresses");
    assertThatThrownBy(() -> options.starts(-1)).hasMessageContaining("starts");
  }

  @Test
  void quickMeasuresTheSameForAShorterTime() {
    ScaleOptions quick = ScaleOptions.quick();
    ScaleOptions full = ScaleOptions.full();
    assertThat(quick.devices()).isEqualTo(full.devices()).contains(1000);
    assertThat(quick.addresses()).isEqualTo(full.addresses()).contains(1_000_000);
    assertThat(quick.load()).isLessThan(full.load());
    assertThat(quick.starts()).isBetween(7, full.starts());
  }
}
