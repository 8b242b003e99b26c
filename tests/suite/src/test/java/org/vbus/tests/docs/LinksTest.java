package org.vbus.tests.docs;

import static org.assertj.core.api.Assertions.assertThat;

import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;

/// No relative link of a Markdown file of the project leads nowhere.
class LinksTest {
  private static final Pattern CODE = Pattern.compile("(?ms)^```.*?^```|`[^`\n]*`");
  private static final Pattern LINK = Pattern.compile("\\]\\(([^)\\s]+)\\)");
  private static final Pattern HEADING = Pattern.compile("(?m)^#+ +(.+?)\\s*$");

  @Test
  void everyRelativeLinkLeadsToAFileAndItsHeading() {
    List<Path> files = ProjectFiles.endingIn(".md");
    List<String> dangling = new ArrayList<>();
    for (Path file : files) {
      Matcher link = LINK.matcher(CODE.matcher(ProjectFiles.text(file)).replaceAll(""));
      while (link.find()) {
        if (!leadsSomewhere(file, link.group(1))) {
          dangling.add(ProjectFiles.root().relativize(file) + ": " + link.group(1));
        }
      }
    }

    assertThat(files).hasSizeGreaterThan(5);
    assertThat(dangling).isEmpty();
  }

  @Test
  void aLinkToNoFileAndALinkToNoHeadingAreFound() {
    Path readme = ProjectFiles.root().resolve("README.md");

    assertThat(leadsSomewhere(readme, "CHANGELOG.md#changelog")).isTrue();
    assertThat(leadsSomewhere(readme, "CHANGELOG.md#no-such-heading")).isFalse();
    assertThat(leadsSomewhere(readme, "no-such-file.md")).isFalse();
  }

  private static boolean leadsSomewhere(Path from, String link) {
    if (link.startsWith("https://")) {
      return true;
    }
    int hash = link.indexOf('#');
    String name = hash < 0 ? link : link.substring(0, hash);
    Path target = name.isEmpty() ? from : from.resolveSibling(name).normalize();
    if (!target.startsWith(ProjectFiles.root()) || !Files.exists(target)) {
      return false;
    }
    return hash < 0 || anchors(target).contains(link.substring(hash + 1));
  }

  /// The anchors that the usual renderers give to headings.
  private static Set<String> anchors(Path file) {
    return HEADING
        .matcher(ProjectFiles.text(file))
        .results()
        .map(heading -> heading.group(1).toLowerCase(Locale.ROOT))
        .map(text -> text.replaceAll("[^a-z0-9 _-]", "").replace(' ', '-'))
        .collect(Collectors.toSet());
  }
}
