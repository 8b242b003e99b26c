package org.vbus.tests.conformance;

import com.tngtech.archunit.core.domain.JavaClass;
import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.domain.JavaMethod;
import com.tngtech.archunit.core.domain.properties.CanBeAnnotated;
import com.tngtech.archunit.core.domain.properties.HasAnnotations;
import java.util.Collections;
import java.util.NavigableMap;
import java.util.NavigableSet;
import java.util.TreeMap;
import java.util.TreeSet;
import org.junit.jupiter.api.Disabled;
import org.junit.platform.commons.annotation.Testable;

/// Which tests claim which rows, as written in [Clause]: row id to `Class.method`, or `Class` where
/// the whole class claims it. `idle` are the annotated places that hold no running test.
record ClauseClaims(NavigableMap<String, NavigableSet<String>> byRow, NavigableSet<String> idle) {

  static ClauseClaims of(JavaClasses classes) {
    ClauseClaims claims = new ClauseClaims(new TreeMap<>(), new TreeSet<>());
    for (JavaClass type : classes) {
      String name = nameOf(type);
      claims.add(type, name, type.getAllMethods().stream().anyMatch(m -> runs(m, type)));
      for (JavaMethod method : type.getMethods()) {
        claims.add(method, name + "." + method.getName(), runs(method, type));
      }
    }
    return claims;
  }

  NavigableSet<String> of(String id) {
    return byRow.getOrDefault(id, Collections.emptyNavigableSet());
  }

  private void add(HasAnnotations<?> place, String name, boolean runs) {
    place
        .tryGetAnnotationOfType(Clause.class)
        .ifPresent(clause -> {
          if (runs) {
            for (String id : clause.value()) {
              byRow.computeIfAbsent(id, _ -> new TreeSet<>()).add(name);
            }
          } else {
            idle.add(name);
          }
        });
  }

  private static boolean runs(JavaMethod method, JavaClass type) {
    return isTest(method) && !isDisabled(method) && !isDisabled(type);
  }

  private static boolean isTest(CanBeAnnotated method) {
    return method.isMetaAnnotatedWith(Testable.class);
  }

  private static boolean isDisabled(CanBeAnnotated place) {
    return place.isAnnotatedWith(Disabled.class);
  }

  private static String nameOf(JavaClass type) {
    return type.getName().substring(type.getPackageName().length() + 1).replace('$', '.');
  }
}
