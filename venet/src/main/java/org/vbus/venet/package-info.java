/// The virtio network device.
package org.vbus.venet;
