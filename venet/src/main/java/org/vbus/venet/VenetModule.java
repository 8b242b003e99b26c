package org.vbus.venet;

import com.google.inject.AbstractModule;
import com.google.inject.Inject;
import com.google.inject.Provider;
import com.google.inject.Singleton;
import com.google.inject.TypeLiteral;
import com.google.inject.multibindings.MapBinder;
import java.nio.charset.StandardCharsets;
import java.util.Map;
import java.util.Objects;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;
import org.vbus.core.device.DeviceModel;
import org.vbus.stack.config.Located;
import org.vbus.stack.spi.Parts;
import org.vbus.venet.l2.MacAddress;

/// Adds a network device to a bus, as a port of a switch that a [L2SwitchModule] adds.
public final class VenetModule extends AbstractModule {
  private final String bus;
  private final String device;
  private final VenetConfig config;

  /// The device called `device` on `bus`.
  public VenetModule(String bus, String device, VenetConfig config) {
    this.bus = bus;
    this.device = device;
    this.config = config;
  }

  @Override
  protected void configure() {
    MapBinder.newMapBinder(
        binder(), new TypeLiteral<String>() {}, new TypeLiteral<L2SwitchService>() {});
    Parts.device(binder(), bus, device)
        .toProvider(new Devices(bus, device, config))
        .in(Singleton.class);
  }

  /// Makes the device once the switches are known.
  private static final class Devices implements Provider<DeviceModel> {
    private final String name;
    private final VenetConfig config;
    private @Nullable Map<String, L2SwitchService> switches;

    Devices(String bus, String device, VenetConfig config) {
      this.name = bus + "." + device;
      this.config = config;
    }

    @Inject
    void switches(Map<String, L2SwitchService> all) {
      switches = all;
    }

    @Override
    public DeviceModel get() {
      Map<String, L2SwitchService> all = Objects.requireNonNull(switches);
      Located<String> wanted = config.switchName();
      L2SwitchService network = all.get(wanted.value());
      if (network == null) {
        throw wanted.unknown("switch", all.keySet());
      }
      Located<String> mac = config.mac();
      long address = mac == null ? derived(name) : MacAddress.parse(mac.value());
      try {
        return new VenetDevice(name, network.network(), address, config.options());
      } catch (IllegalArgumentException e) {
        String reason = String.valueOf(e.getMessage());
        throw mac == null ? wanted.error(reason) : mac.error(reason);
      }
    }

    /// A locally administered address that stays the same as long as the names do.
    private static long derived(String name) {
      CRC32C crc = new CRC32C();
      crc.update(name.getBytes(StandardCharsets.UTF_8));
      return 0x0200_0000_0000L | crc.getValue();
    }
  }
}
