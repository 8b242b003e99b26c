package org.vbus.stack.config;

import java.time.Duration;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/// Records in the shape of a real stack, for the tests of this package.
final class Lab {
  private Lab() {}

  public enum Idle {
    SPIN,
    ADAPTIVE,
    BLOCK_AT_ONCE
  }

  public record StackConfig(
      @Default("{ main {} }") Map<String, LoopConfig> loops,
      @Default("{}") Map<String, SwitchConfig> switches,
      @Doc("One per guest.") Map<String, BusConfig> buses) {}

  public record LoopConfig(
      @Default("adaptive") Idle idle, @Default("64") @Range(min = 1) int budget) {}

  public record SwitchConfig(
      @Nullable PluginBlock uplink,
      @Default("{}") MacTable macTable,
      @Nullable String capture,
      @Default("[]") List<String> mirrors) {}

  public record MacTable(
      @Default("4096") @Range(min = 1, max = 65536) @Doc("Addresses remembered.") int capacity,
      @Default("300s") @DurationRange(min = "1s", max = "1h") Duration ageing) {}

  public record BusConfig(
      PluginBlock connector,
      @Default("direct") PluginBlock signals,
      @Default("{}") Map<String, DeviceConfig> devices) {}

  public record DeviceConfig(
      @Default("main") Located<String> loop, @NamedBy("model") PluginBlock plugin) {}

  public record VenetConfig(
      @Key("switch") Located<String> switchName,
      @Matches(
              value = "([0-9a-f]{2}:){5}[0-9a-f]{2}",
              text = "a MAC address such as 52:54:00:00:00:01")
          @Nullable String mac,
      @Default("1500") @Range(min = 68, max = 65535) int mtu) {}

  public record KvmConfig(
      @Bytes @Range(min = 4096, max = 1L << 30) long memory,
      @Default("0xd0000000") long base,
      @Default("false") boolean log,
      @Default("0.5") double duty) {
    public KvmConfig {
      if (base % 4096 != 0) {
        throw new IllegalArgumentException("base must be a multiple of the page size, is " + base);
      }
    }
  }

  public record TapConfig(
      @Shorthand String name, @Default("1") @Range(min = 1, max = 8) int queues) {}

  public record ListConfig(List<Integer> numbers, @Default("{}") Map<String, List<Idle>> idles) {}

  public record UnsupportedConfig(Thread thread) {}
}
