package org.vbus.stack.config;

import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigList;
import com.typesafe.config.ConfigObject;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigRenderOptions;
import com.typesafe.config.ConfigUtil;
import com.typesafe.config.ConfigValue;
import com.typesafe.config.ConfigValueFactory;
import com.typesafe.config.ConfigValueType;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// A place in a configuration that is not yet bound to a record: a block, a list, a scalar, or a
/// key that is not written. Its path and origin are what an error about it needs. Immutable.
public final class ConfigNode {
  private final @Nullable ConfigValue value;
  private final String key;
  private final String path;
  private final Origin origin;
  private final SourceTexts texts;
  private final Set<String> taken;

  private ConfigNode(
      @Nullable ConfigValue value,
      String key,
      String path,
      Origin origin,
      SourceTexts texts,
      Set<String> taken) {
    this.value = value;
    this.key = key;
    this.path = path;
    this.origin = origin;
    this.texts = texts;
    this.taken = taken;
  }

  static ConfigNode root(ConfigObject root, Origin origin, SourceTexts texts) {
    return new ConfigNode(root, "", "", origin, texts, Set.of());
  }

  /// Where it was written; for a key that is not written, where the nearest block around it begins.
  public Origin origin() {
    return origin;
  }

  /// The key with all blocks around it, `buses.vm1.devices.eth0`; empty for the whole file.
  public String path() {
    return path;
  }

  /// The place some keys below this one, whether or not something is written there: `at("switches",
  /// "lan", "uplink")`.
  public ConfigNode at(String... keys) {
    ConfigNode node = this;
    for (String name : keys) {
      node = node.child(name);
    }
    return node;
  }

  /// Whether something is written here; `null` in the file counts as not written.
  public boolean exists() {
    return value != null;
  }

  /// The one-line error for this place.
  public BadConfigException error(String message) {
    return BadConfigException.at(origin, path, message);
  }

  String key() {
    return key;
  }

  /// Keys that belong to the record around a plug-in's body and not to the plug-in.
  Set<String> taken() {
    return taken;
  }

  boolean isBlock() {
    return value instanceof ConfigObject;
  }

  boolean isList() {
    return value instanceof ConfigList;
  }

  /// The text of a scalar as it was written, without quotes; null for anything else.
  @Nullable String text() {
    return value == null || isBlock() || isList() ? null : value.atKey("v").getString("v");
  }

  /// What is written here, short, for the end of an error message.
  String shown() {
    if (isBlock()) {
      return "a block";
    }
    if (isList()) {
      return "a list";
    }
    String text = value == null ? "nothing" : value.render(ConfigRenderOptions.concise());
    return text.length() <= 60 ? text : text.substring(0, 57) + "...";
  }

  ConfigNode child(String name) {
    ConfigValue found = value instanceof ConfigObject object ? object.get(name) : null;
    String step = ConfigUtil.joinPath(name);
    return of(found, name, path.isEmpty() ? step : path + "." + step);
  }

  /// The keys of a block in the order of the file, without those that are taken.
  List<ConfigNode> children() {
    List<ConfigNode> children = new ArrayList<>();
    if (value instanceof ConfigObject object) {
      for (String name : object.keySet()) {
        ConfigNode child = child(name);
        if (child.exists() && !taken.contains(name)) {
          children.add(child);
        }
      }
    }
    children.sort(texts.order());
    return children;
  }

  List<ConfigNode> elements() {
    List<ConfigNode> elements = new ArrayList<>();
    if (value instanceof ConfigList list) {
      for (int i = 0; i < list.size(); i++) {
        elements.add(of(list.get(i), key, path + "[" + i + "]"));
      }
    }
    return elements;
  }

  /// The same block seen by the plug-in whose name and neighbours are the given keys.
  ConfigNode taking(Set<String> keys) {
    Set<String> all = new LinkedHashSet<>(taken);
    all.addAll(keys);
    return new ConfigNode(value, key, path, origin, texts, Collections.unmodifiableSet(all));
  }

  /// An empty block in place of a scalar.
  ConfigNode emptied() {
    return with(ConfigValueFactory.fromMap(Map.of()));
  }

  /// A block with this value under one key, in place of the value alone.
  ConfigNode wrapped(String name) {
    return value == null ? this : with(value.atKey(name).root());
  }

  /// The place of a key of this block, filled with HOCON text. Everything in it has this origin.
  ConfigNode filled(String name, String hocon) {
    ConfigParseOptions nowhere = ConfigParseOptions.defaults().setOriginDescription("");
    return child(name).with(ConfigFactory.parseString("v = " + hocon, nowhere).getValue("v"));
  }

  private ConfigNode with(ConfigValue other) {
    return new ConfigNode(other, key, path, origin, texts, taken);
  }

  private ConfigNode of(@Nullable ConfigValue found, String name, String where) {
    if (found == null || found.valueType() == ConfigValueType.NULL) {
      return new ConfigNode(null, name, where, origin, texts, Set.of());
    }
    Origin own = Origin.of(found.origin());
    return new ConfigNode(found, name, where, own.file().isEmpty() ? origin : own, texts, Set.of());
  }
}
