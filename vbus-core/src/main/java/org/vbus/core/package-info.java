/// Bus, devices, rings, connector contract, poll loops and the exit ledger.
package org.vbus.core;
