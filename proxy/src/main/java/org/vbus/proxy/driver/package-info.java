/// Virtio drivers in Java: initialisation, driver half of both ring formats, device classes.
///
/// ```
///   NetDriver, RequestDriver --> DriverQueue --> shared memory
///        |                          '-- publish: kick?
///        '--> VirtioTransport (virtio-vbus today): status, features, config, queues, kick
/// ```
package org.vbus.proxy.driver;
