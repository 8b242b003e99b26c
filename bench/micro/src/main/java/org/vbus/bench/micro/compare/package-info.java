/// Two builds of the benchmarks against each other on one machine: `bench/compare.sh` makes the
/// builds, [org.vbus.bench.micro.compare.Compare] runs them in turn and judges.
///
/// Runs from its sources (`java Compare.java`), so it needs nothing but the JDK.
package org.vbus.bench.micro.compare;
