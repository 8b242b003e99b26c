package org.vbus.stack.config;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigException;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigValueFactory;
import java.lang.reflect.RecordComponent;
import java.math.BigDecimal;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/// Scalars of one component: text to value, and the words for what is expected. All parsing starts
/// from text, so `"1500"`, `1500` and a number from an environment variable are the same.
///
/// Stricter than HOCON where leniency hides mistakes: a duration needs a unit (a bare 300 would be
/// milliseconds) and is not negative; a number has no fraction where the component is whole. `0x`
/// numbers are accepted.
final class Scalar {
  private static final Set<String> TRUE = Set.of("true", "yes", "on");
  private static final Set<String> FALSE = Set.of("false", "no", "off");

  private final Class<?> type;
  private final RecordComponent component;

  Scalar(Class<?> type, RecordComponent component) {
    this.type = type;
    this.component = component;
  }

  /// The value, or null if the text is not what [#expected] says.
  @Nullable Object read(String text) {
    if (type == String.class) {
      Matches form = component.getAnnotation(Matches.class);
      return form == null || text.matches(form.value()) ? text : null;
    }
    if (type == boolean.class || type == Boolean.class) {
      return TRUE.contains(text) ? Boolean.TRUE : FALSE.contains(text) ? Boolean.FALSE : null;
    }
    if (type == Duration.class) {
      return duration(text);
    }
    if (type == double.class || type == Double.class) {
      return decimal(text);
    }
    if (type.isEnum()) {
      int at = constants().indexOf(text);
      return at < 0 ? null : type.getEnumConstants()[at];
    }
    Long whole = isBytes() ? bytes(text) : whole(text);
    if (whole == null || whole < min() || whole > max()) {
      return null;
    }
    return isInt() ? (Object) Math.toIntExact(whole) : whole;
  }

  /// "a number from 68 to 65535", "one of adaptive, block, spin".
  String expected() {
    if (type == String.class) {
      Matches form = component.getAnnotation(Matches.class);
      return form == null ? "text" : form.text();
    }
    if (type == boolean.class || type == Boolean.class) {
      return "true or false";
    }
    if (type == Duration.class) {
      DurationRange range = component.getAnnotation(DurationRange.class);
      return range == null
          ? "a duration such as 300s or 10ms"
          : "a duration from " + range.min() + " to " + range.max();
    }
    if (type.isEnum()) {
      return "one of " + String.join(", ", constants());
    }
    return isBytes() ? "a size" + bounds(" such as 64KiB") : "a number" + bounds("");
  }

  /// The whole message for text that [#read] refuses, `shown` being the text as in the file.
  String mismatch(String text, String shown) {
    String expected = expected();
    if (decimal(text) != null && whole(text) == null && expected.startsWith("a number")) {
      expected = "a whole number" + expected.substring("a number".length());
    }
    return "expected "
        + expected
        + ", got "
        + shown
        + (type.isEnum() ? Names.suggestion(text, constants()) : "");
  }

  static boolean isScalar(Class<?> type) {
    return type.isEnum()
        || Set.of(
                String.class,
                Duration.class,
                int.class,
                Integer.class,
                long.class,
                Long.class,
                double.class,
                Double.class,
                boolean.class,
                Boolean.class)
            .contains(type);
  }

  private List<String> constants() {
    return Arrays.stream(type.getEnumConstants())
        .map(constant -> Names.kebab(((Enum<?>) constant).name()))
        .toList();
  }

  private boolean isInt() {
    return type == int.class || type == Integer.class;
  }

  private boolean isBytes() {
    return component.isAnnotationPresent(Bytes.class);
  }

  private long min() {
    Range range = component.getAnnotation(Range.class);
    long least = isBytes() ? 0 : isInt() ? Integer.MIN_VALUE : Long.MIN_VALUE;
    return range == null ? least : Math.max(range.min(), least);
  }

  private long max() {
    Range range = component.getAnnotation(Range.class);
    long most = isInt() ? Integer.MAX_VALUE : Long.MAX_VALUE;
    return range == null ? most : Math.min(range.max(), most);
  }

  private String bounds(String otherwise) {
    Range range = component.getAnnotation(Range.class);
    if (range == null) {
      return otherwise;
    }
    if (range.max() == Long.MAX_VALUE) {
      return " of at least " + shown(range.min());
    }
    return range.min() == Long.MIN_VALUE
        ? " of at most " + shown(range.max())
        : " from " + shown(range.min()) + " to " + shown(range.max());
  }

  private String shown(long bound) {
    if (isBytes() && bound > 0) {
      String[] units = {"GiB", "MiB", "KiB"};
      for (int i = 0, shift = 30; i < units.length; i++, shift -= 10) {
        if ((bound & ((1L << shift) - 1)) == 0) {
          return (bound >> shift) + units[i];
        }
      }
    }
    return Long.toString(bound);
  }

  private static @Nullable Long whole(String text) {
    String lower = text.toLowerCase(Locale.ROOT);
    try {
      return lower.startsWith("0x")
          ? Long.parseLong(lower, 2, lower.length(), 16)
          : Long.valueOf(lower);
    } catch (NumberFormatException _) {
      return null;
    }
  }

  private static @Nullable Double decimal(String text) {
    try {
      return new BigDecimal(text).doubleValue();
    } catch (NumberFormatException _) {
      return null;
    }
  }

  private static @Nullable Long bytes(String text) {
    try {
      long bytes = asConfig(text).getMemorySize("v").toBytes();
      return bytes == Long.MAX_VALUE ? null : bytes; // the library's answer to an overflow
    } catch (ConfigException | ArithmeticException _) {
      return null;
    }
  }

  private @Nullable Duration duration(String text) {
    Duration duration = withUnit(text);
    if (duration == null || duration.isNegative()) {
      return null;
    }
    DurationRange range = component.getAnnotation(DurationRange.class);
    if (range == null) {
      return duration;
    }
    Config ends = ConfigFactory.parseMap(Map.of("min", range.min(), "max", range.max()));
    boolean within =
        duration.compareTo(ends.getDuration("min")) >= 0
            && duration.compareTo(ends.getDuration("max")) <= 0;
    return within ? duration : null;
  }

  private static @Nullable Duration withUnit(String text) {
    try {
      boolean bare = decimal(text) != null && !text.equals("0");
      return bare ? null : asConfig(text).getDuration("v");
    } catch (ConfigException _) {
      return null;
    }
  }

  private static Config asConfig(String text) {
    return ConfigValueFactory.fromAnyRef(text).atKey("v");
  }
}
