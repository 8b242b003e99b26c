/// Clauses of the network device (virtio 1.4, 5.1): the device driven by hand, the driver in front
/// of a device that is a script.
package org.vbus.tests.conformance.net;
