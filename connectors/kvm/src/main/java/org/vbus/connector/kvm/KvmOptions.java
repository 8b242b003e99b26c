package org.vbus.connector.kvm;

import java.util.BitSet;
import org.jspecify.annotations.Nullable;

/// How a guest under KVM is connected.
///
/// @param memory bytes of its memory, whole pages, below [KvmLayout#MEMORY_LIMIT]
/// @param kicks how kicks arrive
/// @param interrupts how interrupts are raised
/// @param abi how it reaches its bus
/// @param processors where its vCPU runs, null for anywhere
public record KvmOptions(
    long memory,
    KickDelivery kicks,
    InterruptDelivery interrupts,
    BusAbi abi,
    @Nullable BitSet processors) {
  private static final int PAGE = 4096;

  /// Checks the size.
  public KvmOptions {
    if (memory < 1 << 20 || memory > KvmLayout.MEMORY_LIMIT || memory % PAGE != 0) {
      throw new IllegalArgumentException(
          "memory of a KVM guest is 1 MiB to 3 GiB in whole pages, not " + memory + " bytes");
    }
  }

  /// Event descriptors both ways.
  public static KvmOptions of(long memory) {
    return new KvmOptions(
        memory, KickDelivery.EVENTFD, InterruptDelivery.IRQFD, BusAbi.VIRTIO, null);
  }

  /// The same with kicks another way.
  public KvmOptions with(KickDelivery other) {
    return new KvmOptions(memory, other, interrupts, abi, processors);
  }

  /// The same with interrupts another way.
  public KvmOptions with(InterruptDelivery other) {
    return new KvmOptions(memory, kicks, other, abi, processors);
  }

  /// The same with the bus reached another way.
  public KvmOptions with(BusAbi other) {
    return new KvmOptions(memory, kicks, interrupts, other, processors);
  }

  /// The same on these processors.
  public KvmOptions on(BitSet others) {
    return new KvmOptions(memory, kicks, interrupts, abi, others);
  }
}
