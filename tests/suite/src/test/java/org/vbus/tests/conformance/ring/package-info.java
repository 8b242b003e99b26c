/// The split ring and its feature bits, clause by clause: device requirements against `SplitQueue`,
/// driver requirements against `DriverQueue`, what needs both halves against both.
package org.vbus.tests.conformance.ring;
