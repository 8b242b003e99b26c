package org.vbus.core.memory;

import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;
import java.nio.ByteOrder;

/// Access to shared little-endian fields: virtio 1.0 and later is little-endian on every host (2.4,
/// 2.7.3).
///
/// The layouts are for plain reads and writes of aligned fields; the handles add the ordered modes.
/// All handles are exact: an argument of the wrong type fails instead of boxing.
public final class LittleEndian {
  /// Aligned 16-bit field.
  public static final ValueLayout.OfShort SHORT =
      ValueLayout.JAVA_SHORT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Aligned 32-bit field.
  public static final ValueLayout.OfInt INT =
      ValueLayout.JAVA_INT.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Aligned 64-bit field.
  public static final ValueLayout.OfLong LONG =
      ValueLayout.JAVA_LONG.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// 16-bit field at any address.
  public static final ValueLayout.OfShort SHORT_ANY =
      ValueLayout.JAVA_SHORT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// 32-bit field at any address.
  public static final ValueLayout.OfInt INT_ANY =
      ValueLayout.JAVA_INT_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// 64-bit field at any address.
  public static final ValueLayout.OfLong LONG_ANY =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.LITTLE_ENDIAN);

  /// Ordered access to aligned 16-bit fields, coordinates (segment, long offset).
  public static final VarHandle LE16 = SHORT.varHandle().withInvokeExactBehavior();

  /// Ordered access to aligned 32-bit fields, coordinates (segment, long offset).
  public static final VarHandle LE32 = INT.varHandle().withInvokeExactBehavior();

  private LittleEndian() {}
}
