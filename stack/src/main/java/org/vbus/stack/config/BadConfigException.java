package org.vbus.stack.config;

import java.util.Comparator;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;

/// A configuration that cannot be used, with every fault found. The message has one line for each
/// of the first [#SHOWN] faults, ordered by file and line, and is meant to be printed as it is.
public final class BadConfigException extends RuntimeException {
  private static final long serialVersionUID = 1L;

  /// Faults listed in the message.
  public static final int SHOWN = 20;

  private final transient List<ConfigError> errors;

  private BadConfigException(List<ConfigError> sorted) {
    super(text(sorted));
    errors = sorted;
  }

  /// At least one error is needed; any order.
  public static BadConfigException of(List<ConfigError> errors) {
    if (errors.isEmpty()) {
      throw new IllegalArgumentException("a bad configuration without an error");
    }
    return new BadConfigException(
        errors.stream().sorted(Comparator.comparing(ConfigError::origin)).toList());
  }

  /// One fault found by a later check, such as a reference to a switch that does not exist.
  public static BadConfigException at(Origin origin, String path, String message) {
    return new BadConfigException(List.of(new ConfigError(origin, path, message)));
  }

  /// All faults, ordered by file and line.
  public List<ConfigError> errors() {
    return errors;
  }

  @Override
  public String getMessage() {
    return Objects.requireNonNull(super.getMessage());
  }

  private static String text(List<ConfigError> errors) {
    String lines =
        errors.stream().limit(SHOWN).map(ConfigError::toString).collect(Collectors.joining("\n"));
    return errors.size() <= SHOWN
        ? lines
        : lines + "\nand " + (errors.size() - SHOWN) + " more errors";
  }
}
