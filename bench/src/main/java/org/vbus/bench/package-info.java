/// Exits per I/O.
package org.vbus.bench;
