/// Litmus tests of protocols that cannot be stepped through a seam: the steps of the code, as small
/// programs, in every interleaving over a model of memory with store buffers.
///
/// ```
///   program --store--> buffer --later--> memory <--load-- program
///           --fence--> waits for its buffer to be empty
/// ```
///
/// The arithmetic is the real one (`U16`, `PackedIndex`); the steps are a copy, so a change of
/// `SplitQueue`, `PackedQueue`, their driver halves or `PollLoop` that touches an id `MO-...` has
/// to be made here too. The real classes are under jcstress and in the soak tests of
/// `tests/stress`.
package org.vbus.tests.litmus;
