package org.vbus.core.device;

import java.util.List;

/// Power of a device model that has attributes an operator can read and, in part, change while it
/// runs.
public interface HasAttributes {
  /// The attributes, in the order to show them.
  List<Attribute> attributes();
}
