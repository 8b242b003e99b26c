package org.vbus.stack.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigResolveOptions;
import java.nio.file.Path;

/// Reads HOCON with its includes and substitutions.
///
/// Differences from the reference implementation: an included file must exist, is found relative to
/// the including file (with or without `.conf`), and `url(...)` and `classpath(...)` are refused: a
/// stack is described by the files one can see. `${?VAR}` may name an environment variable.
public final class ConfigSource {
  private ConfigSource() {}

  /// Reads a file. Syntax errors, unreadable files and unresolved substitutions are thrown.
  public static ConfigNode load(Path file) throws BadConfigException {
    Includes includes = new Includes();
    return read(includes, file.toString(), () -> includes.readFile(file));
  }

  /// Reads text; its includes are relative to `name`, which also stands for the file in messages.
  public static ConfigNode parse(String text, String name) throws BadConfigException {
    Includes includes = new Includes();
    return read(includes, name, () -> includes.parse(Path.of(name), text));
  }

  private interface Parser {
    Config parse() throws BadConfigException;
  }

  private static ConfigNode read(Includes includes, String name, Parser parser)
      throws BadConfigException {
    try {
      Config resolved = parser.parse().resolve(ConfigResolveOptions.defaults());
      return ConfigNode.root(resolved.root(), new Origin(name, 1), includes.texts());
    } catch (ConfigException e) {
      Origin origin = e.origin() == null ? new Origin(name, 0) : Origin.of(e.origin());
      throw BadConfigException.at(origin, "", Includes.oneLine(e));
    }
  }
}
