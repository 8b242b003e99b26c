package org.vbus.bench.peers;

import java.util.Arrays;
import java.util.List;

/// Lengths of frames, without the frame check sequence.
public enum FrameSize {
  /// The shortest Ethernet frame, as is usually quoted.
  B64("64"),
  /// In between.
  B256("256"),
  /// The longest.
  B1518("1518"),
  /// Seven of 64 bytes, four of 594, one of 1518.
  IMIX("imix");

  private static final List<Integer> MIXTURE =
      List.of(64, 594, 64, 64, 594, 64, 594, 64, 64, 594, 64, 1518);

  private final String text;

  FrameSize(String text) {
    this.text = text;
  }

  /// As in options and reports.
  public String text() {
    return text;
  }

  /// Lengths in turn.
  List<Integer> lengths() {
    return isFixed() ? List.of(Integer.valueOf(text)) : MIXTURE;
  }

  /// Whether all frames have the same length.
  boolean isFixed() {
    return this != IMIX;
  }

  /// Bytes of a frame on average.
  double mean() {
    return lengths().stream().mapToInt(Integer::intValue).average().orElseThrow();
  }

  /// The size called `text`.
  ///
  /// @throws IllegalArgumentException when there is none
  public static FrameSize of(String text) {
    return Arrays.stream(values())
        .filter(size -> size.text.equals(text))
        .findFirst()
        .orElseThrow(
            () -> new IllegalArgumentException("frame size is 64, 256, 1518 or imix: " + text));
  }

  @Override
  public String toString() {
    return text;
  }
}
