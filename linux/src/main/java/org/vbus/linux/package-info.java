/// System calls of Linux through the foreign function interface.
package org.vbus.linux;
