/// Devices: the model an author writes, and the virtio device half around it.
///
/// ```
///   transport registers, vhost-user messages ...
///        |  status, features, queues, config, kick
///        v
///   VirtioDevice --start/stop--> DeviceModel      control threads
///        |  QueueTask
///        v
///   PollLoop ------poll--------> DeviceModel      the loop that owns the queue
/// ```
package org.vbus.core.device;
