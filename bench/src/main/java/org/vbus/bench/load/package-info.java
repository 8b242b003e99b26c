/// A load that is offered at a rate, what comes back and when: `./vbus bench --load`.
///
/// ```
///                     one thread, one processor                    the other processor
///   Pace -> Traffic -> GuestPort A  == vhost-user == back-end: vbus host, testpmd, Open vSwitch
///              ^------ GuestPort B  == vhost-user ==    |
///              '--- latency, kicks, calls               '--- /proc/PID: time, waiting
///
///   LoadBench: rounds x contestants x (sweep, search, round trips, pauses) -> report.LoadReport
/// ```
///
/// Guests are the driver half of this project in this JVM, the back-end is a process of its own.
/// The others are stopped (SIGSTOP) while one has its turn; their connections stay.
package org.vbus.bench.load;
