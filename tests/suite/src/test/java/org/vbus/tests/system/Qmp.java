package org.vbus.tests.system;

import com.typesafe.config.Config;
import com.typesafe.config.ConfigFactory;
import com.typesafe.config.ConfigParseOptions;
import com.typesafe.config.ConfigSyntax;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;

/// A client of QEMU's machine protocol (QEMU, docs/interop/qmp-spec.txt). One thread at a time.
final class Qmp implements AutoCloseable {
  private static final Duration LIMIT = Duration.ofSeconds(20);

  private final QemuSocket socket;
  private final List<Config> events = new ArrayList<>();

  /// Waits for the greeting, which comes once QEMU has made all devices.
  Qmp(QemuSocket socket) {
    this.socket = socket;
    Config _ = message("greeting");
    Config _ = execute("qmp_capabilities");
  }

  /// Runs a command without arguments.
  Config execute(String command) {
    return execute(command, "{}");
  }

  /// Runs a command.
  ///
  /// @param arguments a JSON object
  /// @return `{return: ...}`
  /// @throws AssertionError if QEMU refuses it
  Config execute(String command, String arguments) {
    socket.write("{\"execute\":\"%s\",\"arguments\":%s}\n".formatted(command, arguments));
    while (true) {
      Config answer = message("answer to " + command);
      if (answer.hasPath("event")) {
        events.add(answer);
      } else if (answer.hasPath("error")) {
        throw new AssertionError(command + " " + arguments + ": " + answer.getConfig("error"));
      } else {
        return answer;
      }
    }
  }

  /// Waits for an event, and forgets it.
  Config awaitEvent(String name) {
    for (Iterator<Config> all = events.iterator(); all.hasNext(); ) {
      Config event = all.next();
      if (event.getString("event").equals(name)) {
        all.remove();
        return event;
      }
    }
    while (true) {
      Config event = message("event " + name);
      if (event.getString("event").equals(name)) {
        return event;
      }
      events.add(event);
    }
  }

  private Config message(String what) {
    return ConfigFactory.parseString(
        socket.line(what, LIMIT), ConfigParseOptions.defaults().setSyntax(ConfigSyntax.JSON));
  }

  @Override
  public void close() {
    socket.close();
  }
}
