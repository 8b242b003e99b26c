/// vhost-user: what the back-end promises to front-ends, good and bad.
package org.vbus.tests.vhostuser;
