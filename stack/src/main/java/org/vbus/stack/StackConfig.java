package org.vbus.stack;

import java.util.Map;
import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.NamedBy;
import org.vbus.stack.config.PluginBlock;

/// A whole configuration file.
///
/// @param loops poll loops
/// @param switches switches by name
/// @param buses buses by name, one per guest
public record StackConfig(
    @Default("{}") @Doc("poll loops: the threads of the data path") LoopsConfig loops,
    @Default("{}") @NamedBy(value = "model", otherwise = "l2") @Doc("switches by name")
        Map<String, PluginBlock> switches,
    @Default("{}") @Doc("buses by name, one per guest") Map<String, BusConfig> buses) {}
