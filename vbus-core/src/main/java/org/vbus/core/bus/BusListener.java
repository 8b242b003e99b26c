package org.vbus.core.bus;

/// Hears of changes on a bus, on the control thread that made them.
public interface BusListener {
  /// A device was plugged and can be attached.
  default void plugged(Slot slot) {}

  /// A device is being unplugged; when this returns it must be detached.
  default void unplugging(Slot slot) {}

  /// An attribute of a device was changed through the bus.
  default void attributeChanged(Slot slot, String name, String value) {}
}
