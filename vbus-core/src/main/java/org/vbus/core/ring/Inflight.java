package org.vbus.core.ring;

import java.lang.foreign.MemorySegment;

/// An account, kept outside of a queue, of the chains that the device has taken and not given back:
/// who continues the queue after this process was killed serves them again, and only them.
///
/// A chain is `taken`, then `used`; what was used since the last time becomes visible to the driver
/// between `publishing` and `published`. What each call notes must be in place when it returns, as
/// the process may end right after it. On the thread that owns the queue.
public interface Inflight {
  /// A chain on account.
  ///
  /// @param head its name, see [Chain#head()]
  /// @param descriptors of a packed queue, the descriptors that it had in the ring, as they were
  ///   there; empty otherwise
  record Taken(int head, MemorySegment descriptors) {}

  /// The chains on account, the longest taken first.
  Taken[] taken();

  /// One of the descriptors in the ring of the chain that is taken next; packed queues only.
  ///
  /// @param rest its length, id and flags, as in the ring
  void descriptor(long addr, long rest);

  /// The device has taken the chain of that name.
  void take(int head);

  /// The device has given the chain back; not yet visible.
  void use(int head);

  /// All that was given back is about to become visible.
  ///
  /// @param used where the next used element, or descriptor, goes then: bits 16 to 31 of
  ///   [VirtQueue#position()]
  void publishing(int used);

  /// It is visible.
  void published();
}
