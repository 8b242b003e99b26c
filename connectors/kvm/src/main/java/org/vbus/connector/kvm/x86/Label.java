package org.vbus.connector.kvm.x86;

/// A place in the code, which jumps may name before it is known. Made by [Assembler#label(String)].
public final class Label {
  private static final int UNBOUND = -1;

  private final String name;
  private int position = UNBOUND;

  Label(String name) {
    this.name = name;
  }

  boolean bound() {
    return position != UNBOUND;
  }

  int position() {
    if (!bound()) {
      throw new IllegalStateException(this + " was never bound");
    }
    return position;
  }

  void bind(int at) {
    if (bound()) {
      throw new IllegalStateException(this + " is bound already");
    }
    position = at;
  }

  @Override
  public String toString() {
    return "label " + name;
  }
}
