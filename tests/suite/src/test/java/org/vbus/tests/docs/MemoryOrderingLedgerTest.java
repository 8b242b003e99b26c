package org.vbus.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.MatchResult;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// The table of `docs/memory-ordering.md` and the comments in the code are about the same accesses.
class MemoryOrderingLedgerTest {
  private static final String LEDGER = "docs/memory-ordering.md";
  private static final Pattern ID = Pattern.compile("MO-[A-Z0-9]+-[0-9]+");

  /// The comment at an access; a mention elsewhere has no mode in capitals behind the id.
  private static final Pattern COMMENT =
      Pattern.compile(
          "// \\[(" + ID + ")] (ACQUIRE|RELEASE|FULL|VOLATILE)\\b([^\n]*(?:\n *//[^\n]*)*)");

  /// id, place, access, partner, what it orders, tests.
  private static final int CELLS = 6;

  private static final int PLACE = 1;
  private static final int ACCESS = 2;
  private static final int PARTNER = 3;
  private static final int TESTS = 5;

  /// An access that has a comment.
  private record Access(Path file, String mode, String text) {}

  @Test
  void theCodeAndTheTableNameTheSameAccesses() {
    assertThat(table().keySet()).isEqualTo(code().keySet());
  }

  @Test
  void eachIdStandsForOneAccess() {
    List<String> all = new ArrayList<>();
    comments((id, access) -> all.add(id));

    assertThat(all).isNotEmpty().doesNotHaveDuplicates();
  }

  @Test
  void eachRowNamesTheFileAndTheModeOfItsAccess() {
    Map<String, Access> code = code();
    table()
        .forEach((id, cells) -> {
          Access access = code.get(id);
          assertThat(access).as(id).isNotNull();
          String type = access.file().getFileName().toString().replace(".java", "");
          assertThat(cells.get(PLACE)).as(id).contains("`" + type + ".");
          assertThat(cells.get(ACCESS)).as(id).startsWith(access.mode().toLowerCase(Locale.ROOT));
        });
  }

  @Test
  void eachPartnerExistsInTheCodeAndInTheTable() {
    Set<String> ids = code().keySet();
    code().forEach((id, access) -> assertThat(ids).as(id).containsAll(idsOf(access.text())));
    table()
        .forEach((id, cells) -> {
          assertThat(cells.get(PARTNER)).as(id).isNotBlank();
          assertThat(ids).as(id).containsAll(idsOf(cells.get(PARTNER)));
        });
  }

  @Test
  void whatIsAPartnerHasAPartner() {
    Map<String, List<String>> table = table();
    table.forEach((id, cells) -> {
      for (String partner : idsOf(cells.get(PARTNER))) {
        assertThat(table.get(partner)).as(partner).isNotNull();
        assertThat(idsOf(table.get(partner).get(PARTNER))).as(partner + " of " + id).contains(id);
      }
    });
  }

  @Test
  void eachTestThatARowNamesExists() {
    Map<String, String> tests = new TreeMap<>();
    for (Path file : ProjectFiles.endingIn(".java")) {
      tests.put(file.getFileName().toString().replace(".java", ""), ProjectFiles.text(file));
    }
    table()
        .forEach((id, cells) -> {
          List<String> named =
              Pattern.compile("`([A-Za-z0-9.]+)`")
                  .matcher(cells.get(TESTS))
                  .results()
                  .map(result -> result.group(1))
                  .toList();
          for (String name : named) {
            int dot = name.indexOf('.');
            String file = dot < 0 ? name : name.substring(0, dot);
            assertThat(tests).as(id).containsKey(file);
            assertThat(tests.get(file)).as(id).contains(name.substring(dot + 1));
          }
          assertThat(named.isEmpty()).as(id).isEqualTo(cells.get(TESTS).equals("none yet"));
        });
  }

  private static Map<String, Access> code() {
    Map<String, Access> found = new TreeMap<>();
    comments(found::put);
    return found;
  }

  private interface Sink {
    void comment(String id, Access access);
  }

  private static void comments(Sink sink) {
    for (Path file : ProjectFiles.endingIn(".java")) {
      if (file.toString().contains("/src/main/") && !file.startsWith(testModules())) {
        Matcher comment = COMMENT.matcher(ProjectFiles.text(file));
        while (comment.find()) {
          sink.comment(comment.group(1), new Access(file, comment.group(2), comment.group(3)));
        }
      }
    }
  }

  private static Path testModules() {
    return ProjectFiles.root().resolve("tests");
  }

  /// The cells of the rows that begin with an id.
  private static Map<String, List<String>> table() {
    Map<String, List<String>> rows = new TreeMap<>();
    for (String line : ProjectFiles.text(LEDGER).lines().toList()) {
      if (!line.startsWith("| MO-")) {
        continue;
      }
      List<String> cells =
          Pattern.compile("\\|").splitAsStream(line.substring(1)).map(String::strip).toList();
      assertThat(cells).as(line).hasSize(CELLS);
      assertThat(rows.put(cells.getFirst(), cells)).as("second row of " + line).isNull();
    }
    return rows;
  }

  private static Set<String> idsOf(String text) {
    return ID.matcher(text)
        .results()
        .map(MatchResult::group)
        .collect(Collectors.toCollection(TreeSet::new));
  }
}
