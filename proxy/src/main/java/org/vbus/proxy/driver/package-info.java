/// Virtio drivers in Java: initialisation, driver half of both ring formats, device classes.
///
/// ```
///   NetDriver, BlkDriver, RequestDriver --> DriverQueue --> shared memory
///        |                          '-- publish: kick?
///        '--> VirtioTransport (virtio-vbus, vhost-user): status, features, config, queues, kick
/// ```
package org.vbus.proxy.driver;
