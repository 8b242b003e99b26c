package org.vbus.tests.arch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.GeneralCodingRules.ACCESS_STANDARD_STREAMS;

import com.tngtech.archunit.base.DescribedPredicate;
import com.tngtech.archunit.core.domain.JavaMethodCall;
import java.lang.foreign.AddressLayout;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SymbolLookup;
import org.junit.jupiter.api.Test;

/// Which libraries and platform interfaces may be used where.
class ForbiddenApiTest {
  private static final String[] INJECTION = {"com.google.inject..", "jakarta.inject.."};

  @Test
  void theTrunkWorksWithoutInjection() {
    VbusClasses.check(
        noClasses()
            .that()
            .resideInAnyPackage("org.vbus.shm..", "org.vbus.linux..", "org.vbus.core..")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(INJECTION)
            .because("the trunk is usable with plain constructors, in any container or none"));
  }

  @Test
  void leavesUseInjectionOnlyInModulesAndPlugins() {
    VbusClasses.check(
        noClasses()
            .that()
            .resideOutsideOfPackages("org.vbus.stack..", "org.vbus.cli..", "org.vbus.bench..")
            .and()
            .haveNameNotMatching(".*(Module|Plugin)(\\$.*)?")
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(INJECTION)
            .because("wiring belongs to the edge; what is wired has plain constructors"));
  }

  @Test
  void onlyLinuxCallsNativeCode() {
    VbusClasses.check(
        noClasses()
            .that()
            .resideOutsideOfPackage("org.vbus.linux..")
            .should()
            .dependOnClassesThat()
            .belongToAnyOf(Linker.class, SymbolLookup.class)
            .orShould()
            .callMethodWhere(loadsALibrary())
            .because("native access is granted to one module, where every call can be reviewed"));
  }

  @Test
  void onlyLinuxMakesMemoryOutOfAddresses() {
    VbusClasses.check(
        noClasses()
            .that()
            .resideOutsideOfPackage("org.vbus.linux..")
            .should()
            .callMethodWhere(calls(MemorySegment.class, "reinterpret"))
            .orShould()
            .callMethodWhere(calls(AddressLayout.class, "withTargetLayout"))
            .because("a wrong bound there is memory corruption instead of an exception"));
  }

  @Test
  void nobodyUsesInternalsOfTheJdk() {
    VbusClasses.check(
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage("sun..", "jdk.internal..")
            .because("they are unsafe, unspecified and on their way out of the JDK"));
  }

  @Test
  void onlyTheCommandLineAndTheBenchmarksPrint() {
    VbusClasses.check(
        noClasses()
            .that()
            .resideOutsideOfPackages("org.vbus.cli..", "org.vbus.bench..")
            .should(ACCESS_STANDARD_STREAMS)
            .because("a library reports through counters, results and one logger"));
  }

  @Test
  void nobodyUsesTheLoggingOfTheJdk() {
    VbusClasses.check(
        noClasses()
            .should()
            .dependOnClassesThat()
            .resideInAPackage("java.util.logging..")
            .because("all logging goes through SLF4J, so that one file configures it"));
  }

  private static DescribedPredicate<JavaMethodCall> loadsALibrary() {
    return calls(System.class, "load")
        .or(calls(System.class, "loadLibrary"))
        .or(calls(Runtime.class, "load"))
        .or(calls(Runtime.class, "loadLibrary"));
  }

  private static DescribedPredicate<JavaMethodCall> calls(Class<?> type, String method) {
    return DescribedPredicate.describe(
        "call " + type.getSimpleName() + "." + method,
        call -> call.getTargetOwner().isAssignableTo(type) && call.getName().equals(method));
  }
}
