/// The processor of a guest that is a Java thread.
package org.vbus.proxy.cpu;
