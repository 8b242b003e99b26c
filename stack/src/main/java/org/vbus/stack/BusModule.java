package org.vbus.stack;

import com.google.inject.AbstractModule;
import com.google.inject.multibindings.Multibinder;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.device.VirtioDevice;

/// Adds a bus to a stack; its connector and devices come from modules of their own.
public final class BusModule extends AbstractModule {
  private final BusPlan plan;

  /// A bus with 32 slots that offers all ring features.
  public BusModule(String name, SignalPolicy signals) {
    this(name, signals, 32, VirtioDevice.RING_FEATURES, CoalesceConfig.NONE);
  }

  /// A bus.
  ///
  /// @param ringFeatures ring features its devices offer
  /// @param coalesce how notifications are moderated
  public BusModule(
      String name, SignalPolicy signals, int slots, long ringFeatures, CoalesceConfig coalesce) {
    this.plan = new BusPlan(name, signals, slots, ringFeatures, coalesce);
  }

  @Override
  protected void configure() {
    Multibinder.newSetBinder(binder(), BusPlan.class).addBinding().toInstance(plan);
  }
}
