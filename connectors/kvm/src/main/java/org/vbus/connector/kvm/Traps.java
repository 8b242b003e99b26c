package org.vbus.connector.kvm;

/// What a guest reaches outside of its memory. Called on the thread of its vCPU while the guest is
/// stopped; it goes on when the call returns.
///
/// Whatever a guest does must not make an implementation throw.
public interface Traps {
  /// The guest reads 1 to 8 bytes of an address without memory.
  long read(long gpa, int size);

  /// The guest writes 1 to 8 bytes to an address without memory.
  void write(long gpa, int size, long value);

  /// The guest writes 1, 2 or 4 bytes to a port.
  void out(int port, int size, long value);

  /// The guest cannot go on; its vCPU runs no more.
  ///
  /// @param why for people, without the guest's name
  void ended(String why);
}
