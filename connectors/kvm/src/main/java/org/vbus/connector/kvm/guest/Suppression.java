package org.vbus.connector.kvm.guest;

/// What a guest does to avoid kicks and signals of a queue.
public enum Suppression {
  /// Nothing: each batch is a kick, and each publication of the device may be a signal.
  NONE,
  /// The flags of the rings: no signals while the guest looks at the used ring, no kick while the
  /// device looks at the avail ring.
  FLAGS,
  /// Event indexes, which say the same more finely; negotiates EVENT_IDX.
  EVENT_INDEX
}
