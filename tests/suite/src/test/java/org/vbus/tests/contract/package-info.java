/// What makes connectors interchangeable and devices safe: one abstract suite for each, which every
/// connector and every device model subclasses.
///
/// ```
///   ConnectorContract <-- LoopbackConnectorTest        DeviceContract <-- TemplateDeviceTest
/// ```
package org.vbus.tests.contract;
