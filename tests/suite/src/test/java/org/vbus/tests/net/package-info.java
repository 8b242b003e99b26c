/// Network devices on one switch: frames between guests, whatever loops and signals carry them.
package org.vbus.tests.net;
