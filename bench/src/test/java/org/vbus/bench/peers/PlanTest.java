package org.vbus.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.util.HashSet;
import java.util.List;
import org.junit.jupiter.api.Test;

class PlanTest {
  @Test
  void theQuickPlanIsBothClosedLoopsAgainstBothPeers() {
    List<Scenario> quick = Plan.quick().scenarios();
    assertThat(quick).hasSize(12).doesNotHaveDuplicates();
    assertThat(quick).allMatch(scenario -> scenario.mode().isClosedLoop());
    assertThat(quick).filteredOn(scenario -> scenario.peer() == Peer.OVS).hasSize(4);
    assertThat(Plan.quick().leftOut()).singleElement().asString().startsWith("ovs is a switch");
  }

  @Test
  void theFullPlanVariesOneThingAtATime() {
    List<Scenario> full = Plan.full();
    assertThat(new HashSet<>(full)).hasSameSizeAs(full);
    assertThat(full).noneMatch(scenario -> !scenario.mergeable() && scenario.queues() > 1);
    assertThat(full).anyMatch(scenario -> scenario.queues() == 2 && scenario.peer() == Peer.OVS);
    assertThat(full)
        .filteredOn(scenario -> scenario.size() == FrameSize.IMIX)
        .isNotEmpty()
        .allMatch(scenario -> scenario.mode().isClosedLoop());
  }

  @Test
  void aMixtureHasItsMean() {
    assertThat(FrameSize.IMIX.lengths()).hasSize(12);
    assertThat(FrameSize.IMIX.mean() * 12).isEqualTo(7 * 64 + 4 * 594 + 1518);
    assertThat(FrameSize.of("1518").mean()).isEqualTo(1518);
    assertThatThrownBy(() -> FrameSize.of("65")).hasMessageContaining("65");
  }

  @Test
  void whatCannotBeIsRefused() {
    Plan quick = Plan.quick();
    assertThatThrownBy(() ->
            new Plan(
                quick.modes(),
                quick.sizes(),
                quick.packed(),
                quick.mergeable(),
                List.of(3),
                quick.peers()))
        .isInstanceOf(IllegalArgumentException.class);
    assertThatThrownBy(() -> new Cores(1, 1)).isInstanceOf(IllegalArgumentException.class);
  }

  @Test
  void theConfigurationOfOursIsWellFormed() {
    List<Path> sockets = List.of(Path.of("/x/vbus0.sock"), Path.of("/x/vbus1.sock"));
    for (Scenario scenario : Plan.full()) {
      var config =
          ConfigFactory.parseString(
              HostBackEnd.configuration(scenario, sockets.subList(0, scenario.mode().ports())));
      assertThat(config.getConfig("buses").root()).hasSize(scenario.mode().ports());
      assertThat(config.getInt("buses.vm0.devices.eth0.queues")).isEqualTo(scenario.queues());
    }
  }
}
