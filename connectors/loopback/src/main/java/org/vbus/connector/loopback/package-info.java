/// Both halves in one JVM.
package org.vbus.connector.loopback;
