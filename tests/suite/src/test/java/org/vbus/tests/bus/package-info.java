/// The bus and everything under it at once: plugging, attributes, loops, interleavings, allocation.
package org.vbus.tests.bus;
