/// Exits per I/O: benchmarks of connectors.
///
/// ```
///   LoopbackBench --per policy, event index, devices--> LoopbackStack   bus, loop, guest, drivers
///        |                                                  ^
///        |  per load                                        |
///        '--> Workload --submit, poll, halt--> Requests ----'           content and latency
///                                                 |
///                        ledgers before, after ---'--> report.Run
/// ```
package org.vbus.bench;
