package org.vbus.stack.config;

import java.lang.annotation.Documented;
import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The form of a `String`.
@Documented
@Retention(RetentionPolicy.RUNTIME)
@Target(ElementType.RECORD_COMPONENT)
public @interface Matches {
  /// Regular expression for the whole text.
  String value();

  /// What is expected, in the words of an error message: `a MAC address such as 52:54:00:00:00:01`.
  String text();
}
