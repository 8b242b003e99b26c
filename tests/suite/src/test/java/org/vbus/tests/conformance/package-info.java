/// Conformance to virtio 1.4, clause by clause.
///
/// A test says with [Clause] which normative statements it shows. `rows.tsv` lists the statements
/// that vbus answers for, `dispositions.tsv` those that need no test and why; both are in
/// `src/test/resources/conformance`. `ConformanceReportTest` puts the three together:
///
/// ```
/// @Clause tests ----+
/// rows.tsv ---------+--> docs/conformance.md
/// dispositions.tsv -+
/// ```
///
/// The committed report has to be the generated one. `./mvnw -pl tests/suite -am verify
/// -Dconformance.write` writes it.
package org.vbus.tests.conformance;
