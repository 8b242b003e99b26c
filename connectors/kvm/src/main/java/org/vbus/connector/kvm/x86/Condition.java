package org.vbus.connector.kvm.x86;

/// Conditions of a jump, by what the flags say about the last comparison. ABOVE and BELOW compare
/// unsigned numbers, GREATER and LESS signed ones.
public enum Condition {
  BELOW(2),
  ABOVE_OR_EQUAL(3),
  ZERO(4),
  NOT_ZERO(5),
  BELOW_OR_EQUAL(6),
  ABOVE(7),
  NEGATIVE(8),
  NOT_NEGATIVE(9),
  LESS(12),
  GREATER_OR_EQUAL(13),
  LESS_OR_EQUAL(14),
  GREATER(15);

  /// A comparison found its operands the same.
  public static final Condition EQUAL = ZERO;

  /// A comparison found its operands different.
  public static final Condition NOT_EQUAL = NOT_ZERO;

  /// The bit that was tested, or an addition's carry, is set.
  public static final Condition CARRY = BELOW;

  /// The opposite of [#CARRY].
  public static final Condition NO_CARRY = ABOVE_OR_EQUAL;

  private final int code;

  Condition(int code) {
    this.code = code;
  }

  int code() {
    return code;
  }
}
