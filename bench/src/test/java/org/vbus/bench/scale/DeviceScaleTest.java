package org.vbus.bench.scale;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vbus.bench.BenchFailure;
import org.vbus.bench.Progress;
import org.vbus.bench.peers.Children;
import org.vbus.stack.Stack;
import org.vbus.stack.StackFile;

class DeviceScaleTest {
  private static final ScaleOptions SHORT =
      new ScaleOptions(
          ScaleOptions.PARTS,
          ScaleOptions.CONNECTORS,
          List.of(3),
          Duration.ofMillis(50),
          Duration.ofMillis(50),
          List.of(10),
          1);

  @Test
  void cardsOverLoopbackHaveTheirCostAndCarryFrames() {
    List<String> steps = new ArrayList<>();
    DeviceScale scale = new DeviceScale(SHORT, steps::add);
    scale.measure("loopback", 3, LoopbackCards::new);

    Map<String, Object> row = scale.table().rows().getFirst();
    assertThat(row).containsEntry("connector", "loopback").containsEntry("devices", 3);
    assertThat(figure(row, "attachMillis")).isPositive();
    assertThat(figure(row, "heapKb")).isPositive();
    assertThat(figure(row, "pairKpps")).isPositive();
    assertThat(figure(row, "allKpps")).isPositive();
    assertThat(steps).allMatch(step -> step.startsWith("loopback, 3 devices"));
    assertThat(Thread.getAllStackTraces().keySet())
        .extracting(Thread::getName)
        .noneMatch(name -> name.startsWith("scale-"));
  }

  @Test
  void aSingleCardHasNobodyToSendTo() {
    DeviceScale scale = new DeviceScale(SHORT, Progress.none());
    scale.measure("loopback", 1, LoopbackCards::new);
    assertThat(scale.table().rows().getFirst()).doesNotContainKeys("pairKpps", "allKpps");
  }

  @Test
  void whatTheHostIsToldIsAStackOfSoManyDevices(@TempDir Path dir) {
    try (Stack stack =
        StackFile.parse(VhostCards.configuration(dir.resolve("sockets"), 40), "test")) {
      assertThat(stack.ports()).hasSize(40);
      assertThat(stack.bus("vm").slotCount()).isEqualTo(40);
    }
  }

  @Test
  void aProgramThatEndsBeforeItListensIsAFailureAndLeavesNothing(@TempDir Path dir) {
    Path where;
    try (Children children = new Children()) {
      where = children.dir();
      StartScale starts = new StartScale(children, Progress.none());
      Program program =
          new Program("false", List.of("false"), Map.of(), dir.resolve("s"), NetGuest::new);
      assertThatThrownBy(() -> starts.measure(List.of(program), 1))
          .isInstanceOf(BenchFailure.class)
          .hasMessageContaining("ended before it listened");
    }
    assertThat(where).doesNotExist();
  }

  private static double figure(Map<String, Object> row, String key) {
    return ((Number) Objects.requireNonNull(row.get(key))).doubleValue();
  }
}
