/// Programs that guests written in Java run.
package org.vbus.proxy.program;
