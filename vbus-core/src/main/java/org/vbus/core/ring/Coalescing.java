package org.vbus.core.ring;

/// How the used buffer notifications of one queue are moderated: one for so many completions, or
/// after so much time, whichever comes first. Off unless both are set.
///
/// What a driver or an operator sets may come from any thread; the rest belongs to the loop that
/// owns the queue. The counting starts with the first completion after a notification, whether or
/// not the guest wants one: a guest that asks for none is not notified when the time has come.
public final class Coalescing {
  private static final long MASK = 0xffff_ffffL;
  private static final long MICRO = 1_000;

  /// Most completions in bits 32 to 63, microseconds below.
  private volatile long limits;

  private long count;
  private long since;
  private boolean counting;

  /// The guest wanted a notification for one of the completions counted.
  private boolean owed;

  Coalescing() {}

  /// Sets both limits, unsigned 32-bit; 0 for either switches moderation off.
  public void limits(int completions, int micros) {
    limits = (completions & MASK) << 32 | (micros & MASK);
  }

  /// Most completions per notification, unsigned; 0 for no moderation.
  public int completions() {
    return (int) (limits >>> 32);
  }

  /// Most microseconds before a notification, unsigned; 0 for no moderation.
  public int micros() {
    return (int) limits;
  }

  /// Whether a publication has to be counted: moderation is on, or was when a notification was put
  /// off.
  boolean active() {
    return limits != 0 || counting;
  }

  /// Counts the completions of a publication.
  ///
  /// @param wanted the guest asked to be notified of them
  /// @return whether to notify now
  boolean due(int completions, boolean wanted, long now) {
    if (!counting) {
      counting = true;
      count = 0;
      since = now;
    }
    count += completions;
    owed |= wanted;
    return due(now);
  }

  /// Whether a notification that was put off is to be sent now.
  boolean due(long now) {
    if (!counting || remaining(now) > 0) {
      return false;
    }
    boolean send = owed;
    counting = false;
    owed = false;
    return send;
  }

  /// Nanoseconds until the conditions are met without further completions, 0 when they are.
  private long remaining(long now) {
    long both = limits;
    long most = both >>> 32;
    long micros = both & MASK;
    if (most == 0 || micros == 0 || count >= most) {
      return 0;
    }
    return Math.max(0, micros * MICRO - (now - since));
  }

  /// Whether a notification was put off.
  boolean owed() {
    return owed;
  }

  /// How long the loop of the queue may sleep before it has to look again; on that loop.
  public long waitNanos() {
    return owed ? remaining(System.nanoTime()) : Long.MAX_VALUE;
  }
}
