package org.vbus.tests.arch;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import com.tngtech.archunit.lang.ArchRule;

/// The classes of the product, without tests, imported once for all architecture tests.
final class VbusClasses {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.vbus");

  private VbusClasses() {}

  static JavaClasses all() {
    return CLASSES;
  }

  /// A package without classes keeps every rule.
  static void check(ArchRule rule) {
    rule.allowEmptyShould(true).check(CLASSES);
  }
}
