package org.vbus.stack.config;

import java.util.Collection;

/// A block whose name chooses a plug-in and whose body only that plug-in understands. Written as
/// `connector { kvm { memory = 64MiB } }`, `connector = loopback` (empty body) or, with [NamedBy],
/// `eth0 { model = venet, switch = lan }`. Immutable.
public final class PluginBlock {
  private final Located<String> name;
  private final ConfigNode body;

  PluginBlock(Located<String> name, ConfigNode body) {
    this.name = name;
    this.body = body;
  }

  public String name() {
    return name.value();
  }

  /// The body, for checks that need the line of one of its keys.
  public ConfigNode body() {
    return body;
  }

  /// Binds the body to the plug-in's own record; throws with every fault in it.
  public <R extends Record> R bind(Class<R> type) throws BadConfigException {
    return RecordBinder.bind(body, type);
  }

  /// The error for a name that no plug-in has.
  ///
  /// @param kind what is chosen here, in singular: `connector`, `device model`
  public BadConfigException unknown(String kind, Collection<String> available) {
    return name.unknown(kind, available);
  }

  /// The error for a name that is known but not possible here.
  public BadConfigException error(String message) {
    return name.error(message);
  }
}
