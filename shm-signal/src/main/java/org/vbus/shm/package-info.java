/// Notification state and rings in shared memory.
package org.vbus.shm;
