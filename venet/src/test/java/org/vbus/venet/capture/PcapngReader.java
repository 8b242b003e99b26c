package org.vbus.venet.capture;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;

/// Reads pcapng for tests, from the format's description and not from the writer: every length is
/// checked, unknown block types are errors.
final class PcapngReader {
  record Section(String hardware, String os, String application) {}

  record Interface(int linkType, long snaplen, String name, int tsResolution) {}

  /// One frame; its bytes in hexadecimal.
  record Packet(int interfaceId, long nanos, long originalLength, String data, int flags) {}

  record Statistics(
      int interfaceId,
      long nanos,
      long start,
      long end,
      long received,
      long dropped,
      long written) {}

  final List<Section> sections = new ArrayList<>();
  final List<Interface> interfaces = new ArrayList<>();
  final List<Packet> packets = new ArrayList<>();
  final List<Statistics> statistics = new ArrayList<>();
  final List<Integer> blockTypes = new ArrayList<>();

  static PcapngReader read(Path file) throws IOException {
    PcapngReader reader = new PcapngReader();
    ByteBuffer all = ByteBuffer.wrap(Files.readAllBytes(file)).order(ByteOrder.LITTLE_ENDIAN);
    while (all.hasRemaining()) {
      reader.block(all);
    }
    return reader;
  }

  private void block(ByteBuffer all) {
    int start = all.position();
    int type = all.getInt();
    int total = all.getInt();
    check(total >= 12 && total % 4 == 0, "total length " + total);
    check(start + total <= all.limit(), "block beyond the end of the file");
    check(all.getInt(start + total - 4) == total, "second total length");
    ByteBuffer body = all.slice(start + 8, total - 12).order(ByteOrder.LITTLE_ENDIAN);
    blockTypes.add(type);
    switch (type) {
      case 0x0A0D0D0A -> section(body);
      case 1 -> description(body);
      case 5 -> statistics(body);
      case 6 -> packet(body);
      default -> throw new IllegalStateException("block type " + type);
    }
    all.position(start + total);
  }

  private void section(ByteBuffer body) {
    check(body.getInt() == 0x1A2B3C4D, "byte-order magic");
    check(body.getShort() == 1 && body.getShort() == 0, "version");
    check(body.getLong() == -1, "section length");
    Map<Integer, byte[]> options = options(body);
    sections.add(new Section(text(options, 2), text(options, 3), text(options, 4)));
  }

  private void description(ByteBuffer body) {
    int linkType = body.getShort();
    body.getShort();
    long snaplen = body.getInt();
    Map<Integer, byte[]> options = options(body);
    interfaces.add(new Interface(linkType, snaplen, text(options, 2), option(options, 9, 1).get()));
  }

  private void packet(ByteBuffer body) {
    int id = body.getInt();
    check(id < interfaces.size(), "packet before its interface");
    long nanos = timestamp(body);
    int captured = body.getInt();
    long original = body.getInt();
    check(captured <= original && captured <= interfaces.get(id).snaplen(), "lengths");
    byte[] data = new byte[captured];
    body.get(data);
    while (body.position() % 4 != 0) {
      check(body.get() == 0, "padding");
    }
    packets.add(
        new Packet(
            id,
            nanos,
            original,
            HexFormat.of().formatHex(data),
            option(options(body), 2, 4).getInt()));
  }

  private void statistics(ByteBuffer body) {
    int id = body.getInt();
    long nanos = timestamp(body);
    Map<Integer, byte[]> options = options(body);
    statistics.add(
        new Statistics(
            id,
            nanos,
            timestamp(option(options, 2, 8)),
            timestamp(option(options, 3, 8)),
            option(options, 4, 8).getLong(),
            option(options, 5, 8).getLong(),
            option(options, 8, 8).getLong()));
  }

  private static Map<Integer, byte[]> options(ByteBuffer body) {
    Map<Integer, byte[]> options = new HashMap<>();
    while (true) {
      int code = body.getShort();
      int length = body.getShort();
      if (code == 0) {
        check(length == 0 && !body.hasRemaining(), "end of options");
        return options;
      }
      byte[] value = new byte[length];
      body.get(value);
      while (body.position() % 4 != 0) {
        check(body.get() == 0, "padding");
      }
      check(options.put(code, value) == null, "option twice");
    }
  }

  private static String text(Map<Integer, byte[]> options, int code) {
    byte[] value = Objects.requireNonNull(options.get(code), () -> "option " + code);
    return new String(value, StandardCharsets.UTF_8);
  }

  private static ByteBuffer option(Map<Integer, byte[]> options, int code, int length) {
    byte[] value = Objects.requireNonNull(options.get(code), () -> "option " + code);
    check(value.length == length, "length of option " + code);
    return ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
  }

  private static long timestamp(ByteBuffer buffer) {
    long high = buffer.getInt();
    return high << 32 | (buffer.getInt() & 0xFFFF_FFFFL);
  }

  private static void check(boolean holds, String what) {
    if (!holds) {
      throw new IllegalStateException("not pcapng: " + what);
    }
  }
}
