/// Virtqueues, device half.
///
/// ```
///   guest:  descriptor table + avail ring                      used ring
///                 |                                                ^
///                 v  [acquire avail.idx]        [release used.idx] |
///   host:   VirtQueue.peek(chain) --> device --> complete(chain, written) --> Burst.publish() --> signal?
///                 |                                                |
///                 v  [acquire desc.flags]     [release desc.flags] v
///   guest:  descriptor ring <------------------------------ the same ring
/// ```
///
/// `SplitLayout` and `PackedLayout` know offsets, `SplitQueue` and `PackedQueue` the algorithm and
/// all validation, `Chain` is what a device sees; a lie becomes a `RingFault`, which breaks this
/// queue only. `VirtQueue.open` chooses the format. The driver half is in the proxy module and
/// shares only the layouts and the arithmetic of indexes.
package org.vbus.core.ring;
