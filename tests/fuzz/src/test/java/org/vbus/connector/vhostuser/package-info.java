/// Fuzz targets of the vhost-user back-end, in its package.
package org.vbus.connector.vhostuser;
