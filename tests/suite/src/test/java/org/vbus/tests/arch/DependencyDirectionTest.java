package org.vbus.tests.arch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;

import com.tngtech.archunit.core.domain.JavaClasses;
import com.tngtech.archunit.core.importer.ClassFileImporter;
import com.tngtech.archunit.core.importer.ImportOption;
import org.junit.jupiter.api.Test;

/// The direction of dependencies between the modules: leaves never see each other, the trunk sees
/// no leaf.
class DependencyDirectionTest {
  private static final JavaClasses CLASSES =
      new ClassFileImporter()
          .withImportOption(ImportOption.Predefined.DO_NOT_INCLUDE_TESTS)
          .importPackages("org.vbus");

  @Test
  void shmSignalSeesNothingOfTheProject() {
    noClasses()
        .that()
        .resideInAPackage("org.vbus.shm..")
        .should()
        .dependOnClassesThat()
        .resideInAnyPackage(
            "org.vbus.core..",
            "org.vbus.linux..",
            "org.vbus.proxy..",
            "org.vbus.stack..",
            "org.vbus.venet..",
            "org.vbus.devices..",
            "org.vbus.connector..",
            "org.vbus.cli..",
            "org.vbus.bench..")
        .check(CLASSES);
  }
}
