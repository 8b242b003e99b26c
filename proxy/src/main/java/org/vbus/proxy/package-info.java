/// The north side in Java.
package org.vbus.proxy;
