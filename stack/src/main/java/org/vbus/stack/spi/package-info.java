/// What a plug-in implements, and where its Guice module puts its parts.
///
/// ```
///   file --> PluginBlock --bind--> record --Plugin.module--> Guice module --Parts--> Stack
/// ```
///
/// A plug-in is a public class with a public constructor without parameters, named in `provides ...
/// with` of its module.
package org.vbus.stack.spi;
