package org.vbus.stack.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// Puts the name of a [PluginBlock] into a key next to the keys of the plug-in, as in `eth0 { model
/// = venet, mtu = 1500 }` with `@NamedBy("model") Map<String, PluginBlock> devices`.
///
/// On a component that is itself a `PluginBlock` the block is the record that holds it: keys of the
/// other components belong to the record, the rest to the plug-in.
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface NamedBy {
  /// The key.
  String value();

  /// The name that is meant when the key is not written; empty when it must be written.
  String otherwise() default "";
}
