package org.vbus.tests.conformance;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import com.tngtech.archunit.core.importer.ClassFileImporter;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.vbus.fixture.conformance.Claimant;

/// The committed conformance report is the one that the tests and the tables give.
class ConformanceReportTest {
  private static final ClauseRow DEVICE_ROW = row("2.1-D1");
  private static final ClauseRow DRIVER_ROW = row("2.1-R1");

  @Test
  void theTestsClaimOnlyRowsThatApply() {
    assertThat(report().contradictions()).isEmpty();
  }

  @Test
  void theCommittedReportIsTheGeneratedOne() throws IOException {
    Path file = projectRoot().resolve("docs/conformance.md");
    String generated = report().markdown();
    if (Boolean.getBoolean("conformance.write")) {
      Files.createDirectories(file.getParent());
      Files.writeString(file, generated);
    }
    String committed = Files.exists(file) ? Files.readString(file) : "";
    List<String> missing = new ArrayList<>(generated.lines().toList());
    missing.removeAll(committed.lines().toList());
    assertThat(committed.equals(generated))
        .as(
            "docs/conformance.md is stale: run %s and commit it. It lacks these lines: %s",
            ConformanceReport.COMMAND, missing.stream().limit(10).toList())
        .isTrue();
  }

  @Test
  void aClaimedRowIsCoveredByItsTests() {
    ConformanceReport report = report(List.of(DEVICE_ROW), List.of());

    assertThat(report.markdown())
        .contains("| 2.1-D1 | device | MUST | a gist | covered: `Claimant`, `Claimant.first` |")
        .contains("| **all** | 1 | 1 | 0 | 0 | 0 |");
  }

  @Test
  void aRowWithoutTestIsOpenUnlessItsDispositionSaysOtherwise() {
    ClauseRow undecided = row("9.1-D1");
    ClauseRow absent = row("9.2-D1");
    ConformanceReport report =
        report(
            List.of(undecided, absent),
            List.of(new Disposition("9.2*", Disposition.Kind.NOT_APPLICABLE, "no such thing")));

    assertThat(report.markdown())
        .contains("| 9.1-D1 | device | MUST | a gist | **open**: no test yet |")
        .contains("| 9.2-D1 | device | MUST | a gist | n/a: no such thing |")
        .contains("| **all** | 2 | 0 | 1 | 0 | 1 |");
  }

  @Test
  void aClaimOfAnUnknownRowOrOfARowThatDoesNotApplyIsAContradiction() {
    ConformanceReport report =
        report(
            List.of(DEVICE_ROW),
            List.of(new Disposition("2.1-D1", Disposition.Kind.NOT_APPLICABLE, "no such thing")));

    assertThat(report.contradictions())
        .containsExactly(
            "[Claimant, Claimant.first] claim 2.1-D1, which is n/a: no such thing",
            "[Claimant.first] claim 2.1-R1, which is no id of rows.tsv",
            "Claimant.disabled has a clause but no running test",
            "Claimant.helper has a clause but no running test");
  }

  @Test
  void theFirstDispositionThatNamesARowDecidesAndEveryOneDecidesARow() {
    List<ClauseRow> rows = List.of(DEVICE_ROW, DRIVER_ROW);
    Disposition exact = new Disposition("2.1-R1", Disposition.Kind.OPEN, "later");
    Disposition section = new Disposition("2.1-*", Disposition.Kind.PERMISSION, "may");

    ClauseCatalog catalog = new ClauseCatalog(rows, List.of(exact, section));

    assertThat(catalog.dispositionOf("2.1-R1")).contains(exact);
    assertThat(catalog.dispositionOf("2.1-D1")).contains(section);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClauseCatalog(rows, List.of(section, exact)))
        .withMessageContaining("2.1-R1");
  }

  @Test
  void anIdNamesOneRow() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new ClauseCatalog(List.of(DEVICE_ROW, DEVICE_ROW), List.of()))
        .withMessageContaining("2.1-D1");
  }

  private static ConformanceReport report() {
    return new ConformanceReport(
        ClauseCatalog.load(),
        ClauseClaims.of(new ClassFileImporter().importPackages("org.vbus.tests")));
  }

  /// A report on the rows given and the claims of [Claimant].
  private static ConformanceReport report(List<ClauseRow> rows, List<Disposition> dispositions) {
    return new ConformanceReport(
        new ClauseCatalog(rows, dispositions),
        ClauseClaims.of(new ClassFileImporter().importClasses(Claimant.class)));
  }

  private static ClauseRow row(String id) {
    String section = id.substring(0, id.indexOf('-'));
    return new ClauseRow(
        id, "sec:A / Title #1", "basic", section, "device", "normative", "MUST", "a gist");
  }

  private static Path projectRoot() {
    Path dir = Path.of("").toAbsolutePath();
    while (!Files.isDirectory(dir.resolve(".mvn"))) {
      dir = dir.getParent();
      if (dir == null) {
        throw new IllegalStateException("no .mvn directory above " + Path.of("").toAbsolutePath());
      }
    }
    return dir;
  }
}
