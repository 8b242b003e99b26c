package org.vbus.stack.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigIncludeContext;
import com.typesafe.config.ConfigIncluder;
import com.typesafe.config.ConfigIncluderClasspath;
import com.typesafe.config.ConfigIncluderFile;
import com.typesafe.config.ConfigIncluderURL;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigOriginFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.io.File;
import java.io.IOException;
import java.net.URL;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.Deque;
import java.util.regex.Pattern;

/// The parser's view of the file system for one configuration. It keeps the text of each file, so
/// that a fault in an include statement, which the parser reports without a line, gets one.
final class Includes
    implements ConfigIncluder, ConfigIncluderFile, ConfigIncluderURL, ConfigIncluderClasspath {
  private final SourceTexts texts = new SourceTexts();
  private final Deque<Path> open = new ArrayDeque<>();
  private final ConfigParseOptions options =
      ConfigParseOptions.defaults().setSyntax(ConfigSyntax.CONF).setIncluder(this);

  SourceTexts texts() {
    return texts;
  }

  /// Throws only for what is wrong with the file itself; faults inside are [ConfigException].
  Config readFile(Path file) throws BadConfigException {
    String text;
    try {
      text = Files.readString(file);
    } catch (IOException e) {
      throw BadConfigException.at(new Origin(file.toString(), 0), "", reason(file, e));
    }
    return parse(file, text);
  }

  Config parse(Path file, String text) {
    texts.add(file.toString(), text);
    open.push(file);
    try {
      return ConfigFactory.parseString(text, options.setOriginDescription(file.toString()));
    } finally {
      open.pop();
    }
  }

  @Override
  public ConfigObject include(ConfigIncludeContext context, String what) {
    Path file = open.element().resolveSibling(what).normalize();
    Path withSuffix = file.resolveSibling(file.getFileName() + ".conf");
    if (!Files.exists(file) && Files.exists(withSuffix)) {
      file = withSuffix;
    }
    if (open.stream().map(Path::normalize).anyMatch(file::equals)) {
      throw failure(what, "included file \"" + file + "\" includes itself");
    }
    try {
      return parse(file, Files.readString(file)).root();
    } catch (IOException e) {
      throw failure(what, "included file \"" + file + "\": " + reason(file, e));
    }
  }

  @Override
  public ConfigObject includeFile(ConfigIncludeContext context, File what) {
    return include(context, what.getPath());
  }

  @Override
  public ConfigObject includeURL(ConfigIncludeContext context, URL what) {
    throw failure(what.toString(), "only files can be included, not url(...)");
  }

  @Override
  public ConfigObject includeResources(ConfigIncludeContext context, String what) {
    throw failure(what, "only files can be included, not classpath(...)");
  }

  @Override
  public ConfigIncluder withFallback(ConfigIncluder fallback) {
    return this;
  }

  /// The parser's message without the origin in front and without its paragraph of advice.
  static String oneLine(ConfigException e) {
    String message = String.valueOf(e.getMessage());
    String prefix = e.origin() == null ? "" : e.origin().description() + ": ";
    if (message.startsWith(prefix)) {
      message = message.substring(prefix.length());
    }
    if (message.endsWith("end of file")) {
      return "unexpected end of file, a '{' or '(' is not closed";
    }
    int advice = message.indexOf(" (if you ");
    if (advice >= 0) {
      message = message.substring(0, advice) + "; text with such characters needs double quotes";
    }
    return message.strip().replaceAll("\\s+", " ");
  }

  private ConfigException failure(String what, String message) {
    String file = open.element().toString();
    int line = texts.find(file, Pattern.compile("\\binclude\\b.*\"" + Pattern.quote(what) + "\""));
    return new ConfigException.Parse(
        ConfigOriginFactory.newSimple(file).withLineNumber(line), message);
  }

  private static String reason(Path file, IOException e) {
    if (Files.isDirectory(file)) {
      return "is a directory";
    }
    return switch (e) {
      case NoSuchFileException _ -> "no such file";
      case AccessDeniedException _ -> "permission denied";
      case CharacterCodingException _ -> "is not UTF-8 text";
      default -> "cannot be read: " + e.getMessage();
    };
  }
}
