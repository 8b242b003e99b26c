package org.vbus.tests.conformance;

/// One normative statement: a line of `rows.tsv`, columns in this order.
///
/// `oasis` is the label of the section in the source of the specification with the number of the
/// statement; `gist` says in our words what is asked for.
record ClauseRow(
    String id,
    String oasis,
    String area,
    String section,
    String who,
    String scope,
    String level,
    String gist) {
  private static final int LONGEST_GIST = 90;

  ClauseRow {
    if (!id.matches("\\Q" + section + "\\E-[DRS][1-9][0-9]*")) {
      throw new IllegalArgumentException("id " + id + " does not fit section " + section);
    }
    if (gist.isBlank() || gist.length() > LONGEST_GIST || gist.contains("|")) {
      throw new IllegalArgumentException("unfit gist of " + id + ": " + gist);
    }
  }

  /// The heading of the section in the specification.
  String title() {
    String[] path =
        oasis.substring(oasis.indexOf(':') + 1, oasis.lastIndexOf(" #")).split(" / ", -1);
    return path[path.length - 1];
  }
}
