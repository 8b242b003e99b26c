package org.vbus.tests.arch;

import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.classes;
import static com.tngtech.archunit.lang.syntax.ArchRuleDefinition.noClasses;
import static com.tngtech.archunit.library.dependencies.SlicesRuleDefinition.slices;
import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vbus.cli.Main;

/// The direction of dependencies between the modules: leaves never see each other, the trunk sees
/// no leaf.
class DependencyDirectionTest {
  private static final String SHM = "org.vbus.shm..";
  private static final String LINUX = "org.vbus.linux..";
  private static final String CORE = "org.vbus.core..";
  private static final String PROXY = "org.vbus.proxy..";
  private static final String STACK = "org.vbus.stack..";
  private static final String DEVICES = "org.vbus.devices..";
  private static final String VENET = "org.vbus.venet..";
  private static final String CONNECTORS = "org.vbus.connector..";
  private static final String BENCH = "org.vbus.bench..";
  private static final String CLI = "org.vbus.cli..";

  private static final List<String> MODULES =
      List.of(SHM, LINUX, CORE, PROXY, STACK, DEVICES, VENET, CONNECTORS, BENCH, CLI);

  @Test
  void theRulesLookAtTheClassesOfTheProduct() {
    assertThat(VbusClasses.all().contain(Main.class)).isTrue();
  }

  @Test
  void everyClassBelongsToAModuleOfTheTable() {
    VbusClasses.check(
        classes()
            .should()
            .resideInAnyPackage(MODULES.toArray(String[]::new))
            .because("a module without a row in this table has no direction; add one"));
  }

  @Test
  void shmSignalSeesNothingOfTheProject() {
    sees(SHM, "shared-memory primitives stand alone and make no system calls");
  }

  @Test
  void linuxSeesNothingOfTheProject() {
    sees(LINUX, "system calls know nothing of what they are used for");
  }

  @Test
  void coreSeesShmSignal() {
    sees(CORE, "devices and rings run wherever there is memory, whatever the platform", SHM);
  }

  @Test
  void proxySeesTheTrunk() {
    sees(PROXY, "the guest's side needs the bus and the rings, no platform", CORE, SHM);
  }

  @Test
  void stackSeesTheTrunkAndThePlatform() {
    sees(STACK, "composition names no leaf: leaves plug themselves in", CORE, SHM, LINUX);
  }

  @Test
  void devicesSeeCoreAndStack() {
    sees(DEVICES, "a device never learns which connector or platform carries it", CORE, STACK);
  }

  @Test
  void venetSeesCoreStackAndLinux() {
    sees(
        VENET,
        "the network device needs linux for tap ports and no other leaf",
        CORE,
        STACK,
        LINUX);
  }

  @Test
  void connectorsSeeTheTrunkAndTheProxy() {
    sees(
        CONNECTORS,
        "a connector carries memory and signals and never learns what a queue means",
        CORE,
        SHM,
        PROXY,
        STACK,
        LINUX);
  }

  @Test
  void connectorsDoNotSeeEachOther() {
    VbusClasses.check(
        slices()
            .matching("org.vbus.connector.(*)..")
            .should()
            .notDependOnEachOther()
            .because("each boundary is built, shipped and replaced alone"));
  }

  @Test
  void benchSeesEverythingButTheCommandLine() {
    sees(
        BENCH,
        "benchmarks are run by the command line, not the other way round",
        SHM,
        LINUX,
        CORE,
        PROXY,
        STACK,
        DEVICES,
        VENET,
        CONNECTORS);
  }

  @Test
  void theSwitchDoesNotSeeTheRings() {
    VbusClasses.check(
        noClasses()
            .that()
            .resideInAPackage("org.vbus.venet.l2..")
            .should()
            .dependOnClassesThat()
            .resideInAPackage("org.vbus.core.ring..")
            .because("the switch forwards frames and must work for ports that have no ring"));
  }

  /// Checks that `module` depends on no module but itself and those of `allowed`.
  private static void sees(String module, String reason, String... allowed) {
    List<String> forbidden = new ArrayList<>(MODULES);
    forbidden.remove(module);
    forbidden.removeAll(List.of(allowed));
    VbusClasses.check(
        noClasses()
            .that()
            .resideInAPackage(module)
            .should()
            .dependOnClassesThat()
            .resideInAnyPackage(forbidden.toArray(String[]::new))
            .because(reason));
  }
}
