package org.vbus.tests.conformance;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/// The normative statements of virtio 1.4 that a test method, or every test of a class, shows.
///
/// A statement is named by its section, `-`, a letter for its kind (`D` device requirement, `R`
/// driver requirement, `S` any other statement) and its number inside the section: `2.7.7.2-D1`.
/// The ids are those of `conformance/rows.tsv`. Only a test that fails for a program which violates
/// the statement may name it.
@Retention(RetentionPolicy.RUNTIME)
@Target({ElementType.METHOD, ElementType.TYPE})
public @interface Clause {
  String[] value();
}
