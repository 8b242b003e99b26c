/// vhost-user: what each half promises to the other, good and bad.
package org.vbus.tests.vhostuser;
