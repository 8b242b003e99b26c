/// A card whose network is one station in the same process: what stands at the far end of a
/// back-end that is measured alone. For benchmarks; `model = station` of a configuration.
package org.vbus.bench.station;
