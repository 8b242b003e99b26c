package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

final class DeviceNodesTest {
  @Test
  void aUsableNodeHasNoProblem() {
    Path node = Path.of("/dev/null");
    assertThat(DeviceNodes.check(node))
        .isEqualTo(new DeviceNodes.Status(node, true, true, true, true, ""));
  }

  @Test
  void aMissingNodeSaysSo() {
    Path node = Path.of("/dev/no-such-node");
    assertThat(DeviceNodes.check(node))
        .isEqualTo(
            new DeviceNodes.Status(
                node, false, false, false, false, "ENOENT: no such file or directory"));
  }

  @Test
  void existingIsNotOpenable(@TempDir Path directory) {
    DeviceNodes.Status status = DeviceNodes.check(directory);
    assertThat(status.exists()).isTrue();
    assertThat(status.openable()).isFalse();
    assertThat(status.problem()).isEqualTo("EISDIR: is a directory");
  }

  @Test
  void aNodeWithoutPermissionSaysSo(@TempDir Path directory) throws Exception {
    Path file = Files.createFile(directory.resolve("locked"));
    assertThat(file.toFile().setReadable(false, false)).isTrue();
    assertThat(file.toFile().setWritable(false, false)).isTrue();
    DeviceNodes.Status status = Unprivileged.call(() -> DeviceNodes.check(file));
    assertThat(status)
        .isEqualTo(
            new DeviceNodes.Status(file, true, false, false, false, "EACCES: permission denied"));
  }
}
