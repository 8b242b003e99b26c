package org.vbus.connector.kvm.guest;

import org.vbus.connector.kvm.x86.Label;

/// What differs between the hosts that fill a guest's event rings. Each method writes instructions,
/// which may change what [RingCode] says its subroutines change.
interface EventHost {
  /// A SHMSIGNAL event with the value in RDX was taken: ends that notification and serves the
  /// device.
  ///
  /// @param ignore where to go when there is no such source
  void signalled(Label ignore);

  /// An event of the kind in RAX with the value in RDX was taken.
  void other();

  /// Tells the host that descriptors of `level` came back, for which it waits.
  void returned(int level);
}
