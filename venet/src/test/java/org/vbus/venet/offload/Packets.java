package org.vbus.venet.offload;

import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.io.UncheckedIOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.Offload;

/// Known packets and their segments, from `segments.txt`.
public final class Packets {
  private static final HexFormat HEX = HexFormat.of();

  private Packets() {}

  /// A packet that is to be cut, and what comes out.
  public record Known(
      String name, int start, int offset, int headers, int size, String hex, List<String> parts) {
    public byte[] packet() {
      return HEX.parseHex(hex);
    }

    public List<byte[]> segments() {
      return parts.stream().map(HEX::parseHex).toList();
    }

    public int kind() {
      return switch (name) {
        case "tcp4" -> Offload.TCP4;
        case "tcp6" -> Offload.TCP6;
        case "udp4" -> Offload.UDP4;
        default -> Offload.UDP6;
      };
    }

    public long offload() {
      return Offload.segmentation(kind(), false, start, offset, headers, size);
    }

    @Override
    public String toString() {
      return name;
    }
  }

  public static List<Known> all() {
    List<Known> all = new ArrayList<>();
    try (BufferedReader in =
        new BufferedReader(
            new InputStreamReader(
                Objects.requireNonNull(Packets.class.getResourceAsStream("segments.txt")),
                StandardCharsets.US_ASCII))) {
      for (String line = in.readLine(); line != null; line = in.readLine()) {
        String[] words = line.split(" ", -1);
        if (words[0].equals("packet")) {
          all.add(
              new Known(
                  words[1],
                  Integer.parseInt(words[2]),
                  Integer.parseInt(words[3]),
                  Integer.parseInt(words[4]),
                  Integer.parseInt(words[5]),
                  words[6],
                  new ArrayList<>()));
        } else if (words[0].equals("segment")) {
          all.getLast().parts().add(words[1]);
        }
      }
    } catch (IOException e) {
      throw new UncheckedIOException(e);
    }
    return all;
  }

  public static Known known(String name) {
    return all().stream().filter(known -> known.name().equals(name)).findFirst().orElseThrow();
  }

  /// A frame of native pieces of `pieceLength` bytes, each at an odd distance from the next.
  public static Frame frame(byte[] bytes, int pieceLength) {
    Frame frame = new Frame();
    for (int at = 0; at < bytes.length; at += pieceLength) {
      int n = Math.min(pieceLength, bytes.length - at);
      MemorySegment memory = Arena.ofAuto().allocate(n + 1);
      MemorySegment.copy(bytes, at, memory, ValueLayout.JAVA_BYTE, 1, n);
      frame.add(memory, 1, n);
    }
    return frame;
  }
}
