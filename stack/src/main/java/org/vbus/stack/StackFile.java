package org.vbus.stack;

import com.google.inject.Module;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.ServiceLoader;
import java.util.TreeMap;
import org.vbus.stack.config.BadConfigException;
import org.vbus.stack.config.ConfigError;
import org.vbus.stack.config.ConfigNode;
import org.vbus.stack.config.ConfigSource;
import org.vbus.stack.config.PluginBlock;
import org.vbus.stack.config.RecordBinder;
import org.vbus.stack.spi.ConnectorPlugin;
import org.vbus.stack.spi.DevicePlugin;
import org.vbus.stack.spi.Plugin;
import org.vbus.stack.spi.SwitchPlugin;

/// From a configuration file to a composed stack: binds each block to its record, finds the
/// plug-ins that blocks name, and collects their modules.
public final class StackFile {
  private StackFile() {}

  /// The connectors this installation has, by name.
  public static Map<String, ConnectorPlugin<?>> connectors() {
    Map<String, ConnectorPlugin<?>> found = new TreeMap<>();
    ServiceLoader.load(ConnectorPlugin.class).forEach(plugin -> found.put(plugin.name(), plugin));
    return found;
  }

  /// The device models this installation has, by name.
  public static Map<String, DevicePlugin<?>> devices() {
    Map<String, DevicePlugin<?>> found = new TreeMap<>();
    ServiceLoader.load(DevicePlugin.class).forEach(plugin -> found.put(plugin.name(), plugin));
    return found;
  }

  /// The kinds of switches this installation has, by name.
  public static Map<String, SwitchPlugin<?>> switches() {
    Map<String, SwitchPlugin<?>> found = new TreeMap<>();
    ServiceLoader.load(SwitchPlugin.class).forEach(plugin -> found.put(plugin.name(), plugin));
    return found;
  }

  /// Composes the stack that a file describes; nothing is started.
  ///
  /// @throws BadConfigException with one line per fault
  public static Stack load(Path file) {
    return compose(ConfigSource.load(file));
  }

  /// Composes the stack that `text` describes, calling it `name` in messages.
  ///
  /// @throws BadConfigException with one line per fault
  public static Stack parse(String text, String name) {
    return compose(ConfigSource.parse(text, name));
  }

  private static Stack compose(ConfigNode root) {
    StackConfig config = RecordBinder.bind(root, StackConfig.class);
    Collector collector = new Collector();
    collector.modules.add(new LoopsModule(config.loops()));
    config.switches().forEach(collector::addSwitch);
    config.buses().forEach(collector::addBus);
    if (!collector.errors.isEmpty()) {
      throw BadConfigException.of(collector.errors);
    }
    return Stack.of(collector.modules);
  }

  /// Modules of all blocks, and the faults of all of them.
  private static final class Collector {
    final List<Module> modules = new ArrayList<>();
    final List<ConfigError> errors = new ArrayList<>();
    private final Map<String, ConnectorPlugin<?>> connectors = connectors();
    private final Map<String, DevicePlugin<?>> devices = devices();
    private final Map<String, SwitchPlugin<?>> switches = switches();

    void addSwitch(String name, PluginBlock block) {
      add(() -> switchModule(find(switches, "kind of switch", block), name, block));
    }

    void addBus(String name, BusConfig bus) {
      add(() -> {
        ConnectorPlugin<?> plugin = find(connectors, "connector", bus.connector());
        add(() -> bus.module(name, plugin.policies()));
        return connectorModule(plugin, name, bus);
      });
      bus.devices()
          .forEach((device, block) ->
              add(() -> deviceModule(find(devices, "device model", block), name, device, block)));
    }

    private static <P> P find(Map<String, P> plugins, String kind, PluginBlock block) {
      P plugin = plugins.get(block.name());
      if (plugin == null) {
        throw block.unknown(kind, plugins.keySet());
      }
      return plugin;
    }

    private static <C extends Record> Module switchModule(
        SwitchPlugin<C> plugin, String name, PluginBlock block) {
      return plugin.module(name, bound(plugin, block));
    }

    private static <C extends Record> Module connectorModule(
        ConnectorPlugin<C> plugin, String bus, BusConfig config) {
      return plugin.module(bus, bound(plugin, config.connector()));
    }

    private static <C extends Record> Module deviceModule(
        DevicePlugin<C> plugin, String bus, String device, PluginBlock block) {
      return plugin.module(bus, device, bound(plugin, block));
    }

    private static <C extends Record> C bound(Plugin<C> plugin, PluginBlock block) {
      return block.bind(plugin.configType());
    }

    private void add(java.util.function.Supplier<Module> module) {
      try {
        modules.add(module.get());
      } catch (BadConfigException e) {
        errors.addAll(e.errors());
      }
    }
  }
}
