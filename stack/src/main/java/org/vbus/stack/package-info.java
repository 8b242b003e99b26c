/// Composition: from a file or from Java code to a running stack.
///
/// ```
///   lab.conf --config--> records --spi--> Guice modules --Stack.of--> Stack --start--> running
///                          Java code: new BusModule(..), new LoopbackModule(..) ^
/// ```
package org.vbus.stack;
