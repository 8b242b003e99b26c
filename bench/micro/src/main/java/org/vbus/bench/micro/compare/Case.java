package org.vbus.bench.micro.compare;

import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A benchmark method with a value for each of its parameters.
///
/// @param method full name
/// @param params `key=value`, in the order of JMH's list
public record Case(String method, List<String> params) {
  private static final Pattern PARAM = Pattern.compile("\\s+param \"(\\w+)\" = \\{(.*)}");

  /// Class, method and parameters.
  @Override
  public String toString() {
    String[] path = method.split("\\.");
    String name = path[path.length - 2] + "." + path[path.length - 1];
    return params.isEmpty() ? name : name + " " + String.join(" ", params);
  }

  /// All cases in the output of JMH's `-lp`.
  static List<Case> parse(List<String> list) {
    List<Case> all = new ArrayList<>();
    List<Case> ofMethod = List.of();
    for (String line : list) {
      Matcher param = PARAM.matcher(line);
      if (param.matches()) {
        ofMethod = with(ofMethod, param.group(1), param.group(2).split(", "));
      } else if (line.startsWith("org.vbus.")) {
        all.addAll(ofMethod);
        ofMethod = List.of(new Case(line.strip(), List.of()));
      }
    }
    all.addAll(ofMethod);
    return all;
  }

  private static List<Case> with(List<Case> cases, String key, String[] values) {
    List<Case> more = new ArrayList<>();
    for (Case each : cases) {
      for (String value : values) {
        List<String> params = new ArrayList<>(each.params);
        params.add(key + "=" + value);
        more.add(new Case(each.method, List.copyOf(params)));
      }
    }
    return more;
  }
}
