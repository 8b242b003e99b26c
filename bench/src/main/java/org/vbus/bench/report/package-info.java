/// What a benchmark run leaves behind: the figures, and three ways to read them.
///
/// ```
///   harness ---> Run, Run, ... ---> BenchReport ---+--> JsonReport   for programs
///                Environment -----------^          +--> TextTable    for the terminal
///                                                  +--> HtmlReport   for people, one file
/// ```
///
/// The package computes nothing about virtio: it prints what it is given, and refuses figures that
/// are not finite. Runs of different kinds (`counted` by vbus, `measured` by the kernel) never
/// share a table, a curve or a chart. Everything here is immutable or static and safe on any
/// thread.
package org.vbus.bench.report;
