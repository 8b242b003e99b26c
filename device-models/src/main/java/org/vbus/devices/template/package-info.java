/// Device models.
package org.vbus.devices.template;
