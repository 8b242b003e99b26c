package org.vbus.cli;

import java.nio.file.Path;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Understands the usual way to start a host or a device without the library that understands every
/// command line, which takes longer to load than all the rest:
///
/// ```
///   host [--status SECONDS] FILE
///   device net --socket-path=PATH [--tap=NAME] [--mac=MAC] [--mode=MODE] [--client]
/// ```
///
/// in any order, with a space or an equals sign before a value.
///
/// Words that are anything else, or that are wrong, are not for this class: it says nothing about
/// them, and [Vbus] does.
final class PlainWords {
  private static final Set<String> HOST = Set.of("--status");
  private static final Set<String> NET =
      Set.of("--socket-path", "--tap", "--mac", "--mode", "--client");

  private static final String FILE = "";
  private static final String CLIENT = "--client";

  /// Seconds of a status table that are plain, digits.
  private static final int DIGITS = 6;

  private PlainWords() {}

  /// The command, not started; null when the words are not plain.
  static @Nullable StackCommand of(String... args) {
    if (args.length > 1 && args[0].equals("host")) {
      return host(options(args, 1, HOST));
    }
    if (args.length > 2 && args[0].equals("device") && args[1].equals("net")) {
      return net(options(args, 2, NET));
    }
    return null;
  }

  /// Values by option, that of [#FILE] being a word by itself; null when the words are not plain.
  private static @Nullable Map<String, String> options(String[] args, int from, Set<String> known) {
    Map<String, String> values = new HashMap<>();
    for (int i = from; i < args.length; i++) {
      String word = args[i];
      int equals = word.indexOf('=');
      boolean option = word.startsWith("-");
      String name = !option ? FILE : equals < 0 ? word : word.substring(0, equals);
      String value = equals < 0 || !option ? word : word.substring(equals + 1);
      if (option && !known.contains(name)) {
        return null;
      }
      boolean valued = option && !name.equals(CLIENT);
      if (valued && equals < 0 && ++i < args.length) {
        value = args[i].startsWith("-") ? "" : args[i];
      }
      // What begins with @ is a file of words.
      boolean plain = !value.isEmpty() && !value.startsWith("@") && (valued || value.equals(word));
      if (!plain || i == args.length || values.put(name, value) != null) {
        return null;
      }
    }
    return values;
  }

  private static @Nullable StackCommand host(@Nullable Map<String, String> options) {
    String file = options == null ? null : options.get(FILE);
    if (options == null || file == null) {
      return null;
    }
    String seconds = options.get("--status");
    if (seconds != null && !isNumber(seconds)) {
      return null;
    }
    return new HostStack(
        Path.of(file),
        seconds == null ? HostStack.BY_TERMINAL : Integer.parseInt(seconds),
        Terminal.writer(System.out),
        Terminal.writer(System.err));
  }

  private static boolean isNumber(String text) {
    return text.length() <= DIGITS && text.chars().allMatch(c -> c >= '0' && c <= '9');
  }

  private static @Nullable StackCommand net(@Nullable Map<String, String> options) {
    String path = options == null ? null : options.get("--socket-path");
    if (options == null || path == null || options.containsKey(FILE)) {
      return null;
    }
    String mode = options.get("--mode");
    boolean client = options.containsKey(CLIENT);
    return new NetBackEnd(
        ended -> NetBackEnd.at(path, client, mode),
        options.get("--tap"),
        options.get("--mac"),
        Terminal.writer(System.err));
  }
}
