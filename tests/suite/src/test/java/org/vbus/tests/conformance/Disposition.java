package org.vbus.tests.conformance;

/// Why a row needs no test: one pattern of a line of `dispositions.tsv`.
record Disposition(String pattern, Kind kind, String reason) {
  enum Kind {
    /// The statement is not about anything that vbus does; a test that claims it is in error.
    NOT_APPLICABLE("n/a"),
    /// The statement allows something and asks for nothing.
    PERMISSION("permission"),
    /// The statement is about something that is still to be done.
    OPEN("open");

    private final String word;

    Kind(String word) {
      this.word = word;
    }

    static Kind of(String word) {
      for (Kind kind : values()) {
        if (kind.word.equals(word)) {
          return kind;
        }
      }
      throw new IllegalArgumentException("unknown kind of disposition: " + word);
    }

    @Override
    public String toString() {
      return word;
    }
  }

  boolean names(String id) {
    return pattern.endsWith("*")
        ? id.startsWith(pattern.substring(0, pattern.length() - 1))
        : id.equals(pattern);
  }
}
