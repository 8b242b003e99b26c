/// Composition of a stack from configuration.
package org.vbus.stack;
