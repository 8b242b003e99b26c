package org.vbus.devices.template;

/// A template device has nothing to configure.
public record TemplateConfig() {}
