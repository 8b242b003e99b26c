package org.vbus.core.device;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ConfigSpaceTest {
  @Test
  void fieldsAreLittleEndianAndReadableInPieces() {
    ConfigSpace config = new ConfigSpace(12);
    config.set(2, 8, 0x8877665544332211L);

    assertThat(config.get(2, 8)).isEqualTo(0x8877665544332211L);
    assertThat(config.get(2, 4)).isEqualTo(0x44332211L);
    assertThat(config.get(6, 4)).isEqualTo(0x88776655L);
    assertThat(config.get(9, 1)).isEqualTo(0x88L);
    assertThat(config.get(0, 4)).isEqualTo(0x22110000L);
  }

  @Test
  void whatIsBeyondTheSpaceReadsAsZero() {
    ConfigSpace config = new ConfigSpace(4);
    config.set(0, 4, -1);

    assertThat(config.get(2, 4)).isEqualTo(0xffffL);
    assertThat(config.get(4, 8)).isZero();
    assertThat(config.get(Integer.MAX_VALUE, 8)).isZero();
    assertThat(config.get(-1, 1)).isZero();
  }

  @Test
  void theGenerationCountsChangesNotStores() {
    ConfigSpace config = new ConfigSpace(8);
    config.set(0, 4, 7);
    config.set(0, 4, 7);
    config.set(4, 4, 0);

    assertThat(config.generation()).isEqualTo(1);
    config.set(3, 1, 1);
    assertThat(config.generation()).isEqualTo(2);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "two words", "café", "line\nbreak"})
  void aTypeThatCannotBeAnnouncedIsRefused(String type) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DeviceSpec(1, type, List.of(), 0))
        .withMessageContaining(type);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new DeviceSpec(1, "x".repeat(128), List.of(), 0));
    assertThat(new DeviceSpec(1, "x".repeat(127), List.of(), 0).type()).hasSize(127);
  }

  @ParameterizedTest
  @ValueSource(ints = {0, -1, 3, 65536, 48})
  void aQueueOfAnIllegalSizeIsRefused(int size) {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new QueueSpec("rx", size, true))
        .withMessageContaining("rx")
        .withMessageContaining(Integer.toString(size));
  }

  @Test
  void aReadOnlyAttributeSaysSo() {
    Attribute serial = Attribute.readOnly("serial", () -> "0815");

    assertThat(serial.get()).isEqualTo("0815");
    assertThat(serial.writable()).isFalse();
    assertThatIllegalArgumentException()
        .isThrownBy(() -> serial.set("1"))
        .withMessageContaining("serial");
  }
}
