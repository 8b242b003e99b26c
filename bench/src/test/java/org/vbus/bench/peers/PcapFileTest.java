package org.vbus.bench.peers;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.vbus.bench.station.StationFrames;

class PcapFileTest {
  @TempDir private Path dir;

  private static List<byte[]> frames() {
    return IntStream.range(0, 40)
        .mapToObj(i -> StationFrames.frame(StationFrames.GUEST, StationFrames.STATION, i, 60 + i))
        .toList();
  }

  @Test
  void whatIsWrittenIsRead() throws IOException {
    Path file = dir.resolve("a.pcap");
    PcapFile.write(file, frames());
    assertThat(PcapFile.read(file, 100)).containsExactlyElementsOf(frames());
    assertThat(PcapFile.read(file, 3)).hasSize(3);
  }

  @Test
  void aFrameThatIsCutOffIsLeftOut() throws IOException {
    Path file = dir.resolve("a.pcap");
    PcapFile.write(file, frames());
    byte[] all = Files.readAllBytes(file);
    Files.write(file, Arrays.copyOf(all, all.length - 1));
    assertThat(PcapFile.read(file, 100)).hasSize(39);
  }

  @Test
  void anotherFileIsNoCapture() throws IOException {
    Path file = Files.writeString(dir.resolve("a.txt"), "x".repeat(100));
    assertThatThrownBy(() -> PcapFile.read(file, 1)).isInstanceOf(IOException.class);
  }

  @Test
  void framesDifferAndAreNumbered() {
    assertThat(frames()).doesNotHaveDuplicates();
    assertThat(frames()).extracting(StationFrames::number).isSorted().doesNotHaveDuplicates();
    assertThat(StationFrames.number(new byte[20])).isEqualTo(-1);
  }
}
