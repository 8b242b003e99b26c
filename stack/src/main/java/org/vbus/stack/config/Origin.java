package org.vbus.stack.config;

import com.typesafe.config.ConfigOrigin;
import java.util.Comparator;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Where a value was written: the file as it was named by the user or by the including file, and
/// the line from 1, or 0 where there is none (a missing file, an environment variable).
public record Origin(String file, int line) implements Comparable<Origin> {
  private static final Comparator<Origin> ORDER =
      Comparator.comparing(Origin::file).thenComparingInt(Origin::line);

  /// Blocks written in several files are described as "merge of a.conf: 1-4,b.conf: 2".
  private static final Pattern MERGED = Pattern.compile("merge of (.+?): (\\d+).*", Pattern.DOTALL);

  static Origin of(ConfigOrigin origin) {
    Matcher merged = MERGED.matcher(origin.description());
    if (merged.matches()) {
      return new Origin(merged.group(1), Integer.parseInt(merged.group(2)));
    }
    return new Origin(origin.withLineNumber(-1).description(), Math.max(origin.lineNumber(), 0));
  }

  @Override
  public int compareTo(Origin other) {
    return ORDER.compare(this, other);
  }

  /// `lab.conf:12`, or `lab.conf` without a line.
  @Override
  public String toString() {
    return line > 0 ? file + ":" + line : file;
  }
}
