/// The vbus command.
package org.vbus.cli;
