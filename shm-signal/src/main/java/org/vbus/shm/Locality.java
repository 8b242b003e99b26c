package org.vbus.shm;

/// The two sides of shared memory. The numbers are part of the ABI: they select the `irq` entry of
/// a signal and are the values of a descriptor's owner byte (vbus ABI, sections 0 and 4).
public enum Locality {
  /// The guest: owns the memory and formats it.
  NORTH((byte) 0),
  /// The host: opens what north has formatted and trusts none of it.
  SOUTH((byte) 1);

  private final byte value;

  Locality(byte value) {
    this.value = value;
  }

  /// The number of this side in shared memory: north 0, south 1.
  public byte value() {
    return value;
  }

  /// The other side.
  public Locality peer() {
    return this == NORTH ? SOUTH : NORTH;
  }
}
