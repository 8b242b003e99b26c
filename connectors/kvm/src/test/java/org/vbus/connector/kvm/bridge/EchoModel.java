package org.vbus.connector.kvm.bridge;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vbus.core.device.ConfigSpace;
import org.vbus.core.device.DeviceContext;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.device.DeviceSpec;
import org.vbus.core.device.HasConfig;
import org.vbus.core.device.QueueSpec;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;

/// Two queues of requests, each answered with its own bytes, and 12 bytes of configuration of which
/// the driver may write the last four.
final class EchoModel implements DeviceModel, HasConfig {
  static final int ID = 0x3f01;

  private final DeviceSpec spec =
      new DeviceSpec(
          ID,
          "echo",
          List.of(new QueueSpec("first", 64, true), new QueueSpec("second", 8, true)),
          0);
  private final ConfigSpace config = new ConfigSpace(12);
  private final Chain[] chains = {new Chain(), new Chain()};
  private volatile @Nullable DeviceContext context;

  EchoModel() {
    config.set(0, 8, 0x1122334455667788L);
  }

  /// Changes the configuration and says so.
  void change(int value) {
    config.set(8, 4, value);
    DeviceContext to = context;
    if (to != null) {
      to.configChanged();
    }
  }

  @Override
  public DeviceSpec spec() {
    return spec;
  }

  @Override
  public ConfigSpace config() {
    return config;
  }

  @Override
  public void configWritten(int offset, int size, long value) {
    if (offset == 8 && size == 4) {
      config.set(offset, size, value);
    }
  }

  @Override
  public void start(DeviceContext started) {
    context = started;
  }

  @Override
  public int poll(int queue, int budget) {
    DeviceContext from = context;
    if (from == null) {
      return 0;
    }
    VirtQueue requests = from.queue(queue);
    Chain chain = chains[queue];
    int done = 0;
    while (done < budget && requests.peek(chain)) {
      int written = 0;
      for (int i = 0; i < chain.readablePieces(); i++) {
        written += chain.write(written, chain.segment(i), chain.offset(i), chain.length(i));
      }
      requests.complete(chain, written);
      done++;
    }
    return done;
  }

  @Override
  public void stop() {
    context = null;
  }
}
