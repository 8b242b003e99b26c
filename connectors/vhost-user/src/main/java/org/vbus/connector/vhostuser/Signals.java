package org.vbus.connector.vhostuser;

import org.jspecify.annotations.Nullable;
import org.vbus.core.device.DeviceSignals;
import org.vbus.core.device.VirtioDevice;

/// What a device tells its front-end, by the ways that the front-end gave: call and error
/// descriptors, or messages on the back-end channel.
///
/// Loops signal; the channel is set and closed on the control thread.
final class Signals implements DeviceSignals, AutoCloseable {
  private final VirtioDevice device;
  private final Vring[] vrings;
  private final Negotiation agreed;
  private final boolean calls;
  private volatile @Nullable BackendChannel backend;

  /// Signals by the descriptors of these rings; there is no channel yet.
  ///
  /// @param calls whether drivers are called at all, rather than looking by themselves
  Signals(VirtioDevice device, Vring[] vrings, Negotiation agreed, boolean calls) {
    this.device = device;
    this.vrings = vrings;
    this.agreed = agreed;
    this.calls = calls;
  }

  /// Takes over a back-end channel.
  void backend(BackendChannel with) {
    BackendChannel before = backend;
    backend = with;
    if (before != null) {
      before.close();
    }
  }

  /// The channel for what has no descriptor, null where in-band notifications were not negotiated.
  private @Nullable BackendChannel inBand() {
    return agreed.has(ProtocolFeature.INBAND_NOTIFICATIONS) ? backend : null;
  }

  @Override
  public boolean queue(int queue) {
    if (!calls) {
      return false;
    }
    if (vrings[queue].call()) {
      return true;
    }
    BackendChannel to = inBand();
    if (to == null) {
      return false;
    }
    to.called(queue);
    return true;
  }

  @Override
  public void config() {
    BackendChannel to = backend;
    if (to != null && agreed.has(ProtocolFeature.CONFIG)) {
      to.configChanged();
    }
    for (Vring vring : vrings) {
      if (device.fault(vring.index()) != null && !vring.signalError()) {
        BackendChannel instead = inBand();
        if (instead != null) {
          instead.broken(vring.index());
        }
      }
    }
  }

  @Override
  public void close() {
    BackendChannel to = backend;
    if (to != null) {
      to.close();
    }
  }
}
