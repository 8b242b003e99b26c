package org.vbus.bench.report;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import org.jspecify.annotations.Nullable;

/// A strict reader of JSON (RFC 8259) into maps, lists, strings, doubles, booleans and null.
final class TinyJson {
  private final String in;
  private int at;

  private TinyJson(String in) {
    this.in = in;
  }

  static @Nullable Object parse(String text) {
    var json = new TinyJson(text);
    Object value = json.value();
    json.space();
    if (json.at != text.length()) {
      throw json.bad();
    }
    return value;
  }

  private @Nullable Object value() {
    space();
    return switch (in.charAt(at)) {
      case '{' -> object();
      case '[' -> array();
      case '"' -> string();
      case 't' -> word("true", true);
      case 'f' -> word("false", false);
      case 'n' -> word("null", null);
      default -> number();
    };
  }

  private Object object() {
    var map = new LinkedHashMap<String, @Nullable Object>();
    expect('{');
    if (!next('}')) {
      do {
        space();
        String name = string();
        expect(':');
        Object value = value();
        if (map.containsKey(name)) {
          throw bad();
        }
        map.put(name, value);
      } while (next(','));
      expect('}');
    }
    return map;
  }

  private Object array() {
    var list = new ArrayList<@Nullable Object>();
    expect('[');
    if (!next(']')) {
      do {
        list.add(value());
      } while (next(','));
      expect(']');
    }
    return list;
  }

  private String string() {
    expect('"');
    var out = new StringBuilder();
    while (in.charAt(at) != '"') {
      char c = in.charAt(at++);
      if (c < ' ') {
        throw bad();
      }
      if (c == '\\') {
        c = in.charAt(at++);
        if (c == 'u') {
          c = (char) Integer.parseInt(in.substring(at, at + 4), 16);
          at += 4;
        } else if (c != '"' && c != '\\') {
          throw bad();
        }
      }
      out.append(c);
    }
    at++;
    return out.toString();
  }

  private Object number() {
    int start = at;
    while (at < in.length() && "+-.0123456789eE".indexOf(in.charAt(at)) >= 0) {
      at++;
    }
    String text = in.substring(start, at);
    if (!text.matches("-?(0|[1-9][0-9]*)(\\.[0-9]+)?([eE][+-]?[0-9]+)?")) {
      throw bad();
    }
    return Double.valueOf(text);
  }

  private @Nullable Object word(String word, @Nullable Object value) {
    if (!in.startsWith(word, at)) {
      throw bad();
    }
    at += word.length();
    return value;
  }

  private boolean next(char c) {
    space();
    if (in.charAt(at) != c) {
      return false;
    }
    at++;
    return true;
  }

  private void expect(char c) {
    if (!next(c)) {
      throw bad();
    }
  }

  private void space() {
    while (at < in.length() && " \t\r\n".indexOf(in.charAt(at)) >= 0) {
      at++;
    }
  }

  private IllegalStateException bad() {
    return new IllegalStateException("not JSON at " + at);
  }
}
