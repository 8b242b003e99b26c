/// Loopback: guest and host are threads of one JVM.
///
/// ```
///   guest thread (GuestCpu)                       poll loop
///     GuestConnector.write --- method call ----> BusEndpoint.write
///     GuestConnector.kick  --- method call ----> PollLoop.wake
///     GuestCpu <-------------- interrupt(vector) - SignalPolicy
/// ```
package org.vbus.connector.loopback;
