/// Virtqueues, device half.
///
/// ```
///   guest:  descriptor table + avail ring                      used ring
///                 |                                                ^
///                 v  [acquire avail.idx]        [release used.idx] |
///   host:   VirtQueue.peek(chain) --> device --> complete(chain, written) --> Burst.publish() --> signal?
///                 |
///                 '--> RingFault: sticky, this queue only
/// ```
///
/// `SplitLayout` knows offsets, `SplitQueue` the algorithm and all validation, `Chain` is what a
/// device sees. The driver half is in the proxy module and shares only the layout.
package org.vbus.core.ring;
