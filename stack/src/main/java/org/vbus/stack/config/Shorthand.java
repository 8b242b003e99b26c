package org.vbus.stack.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The component that takes the value when a scalar stands where the record is expected: `uplink {
/// tap = vbus0 }` for `uplink { tap { name = vbus0 } }`. At most one in a record.
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Shorthand {}
