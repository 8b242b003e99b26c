/// The device to copy: one queue, one method that matters, complete and tested.
package org.vbus.devices.template;
