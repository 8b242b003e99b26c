/// Feature bits: offered by the device, accepted by the driver, negotiated for good at FEATURES_OK
/// (2.2).
package org.vbus.core.feature;
