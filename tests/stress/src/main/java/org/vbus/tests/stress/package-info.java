/// Memory-ordering tests under jcstress. A test is a nested class `XxxStress.Something` with
/// `@JCStressTest`, `@State` and one `@Outcome` per result, each explained in words; a FORBIDDEN
/// one fails the build. Make states cheap with [org.vbus.tests.stress.Slab].
///
/// Run one: `./mvnw -pl tests/stress -am verify -Dstress.tests=ShmSignalStress -Dstress.options="-m
/// quick"` and read `tests/stress/target/jcstress/index.html`.
package org.vbus.tests.stress;
