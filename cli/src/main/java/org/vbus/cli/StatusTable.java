package org.vbus.cli;

import java.io.PrintWriter;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.Slot;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Tally;
import org.vbus.stack.Stack;
import org.vbus.stack.spi.PortStatus;

/// What `vbus host` shows every few seconds: ports with their rates and drops, buses with their
/// exits per I/O. Rates and ratios are of the time since the table was printed last.
final class StatusTable {
  private final Stack stack;
  private final Map<String, PortStatus> lastPorts = new HashMap<>();
  private final Map<String, Tally> lastTallies = new HashMap<>();
  private long lastNanos = System.nanoTime();

  StatusTable(Stack stack) {
    this.stack = stack;
  }

  void print(PrintWriter out) {
    long now = System.nanoTime();
    double seconds = (now - lastNanos) / 1e9;
    lastNanos = now;
    out.println();
    out.println(
        String.format(
            Locale.ROOT,
            "%-24s %-5s %11s %11s %11s %11s %9s  %s",
            "port",
            "link",
            "in pkt/s",
            "in Mbit/s",
            "out pkt/s",
            "out Mbit/s",
            "drops",
            "dropped so far"));
    for (PortStatus port : stack.ports()) {
      printPort(out, port, seconds);
    }
    out.println(
        String.format(
            Locale.ROOT,
            "%-24s %-7s %11s %11s %9s %9s %9s %9s",
            "bus",
            "devices",
            "I/O per s",
            "exits/I/O",
            "kicks",
            "interr.",
            "reg.acc.",
            "halts"));
    for (Bus bus : stack.buses()) {
      printBus(out, bus, seconds);
    }
    out.flush();
  }

  private void printPort(PrintWriter out, PortStatus port, double seconds) {
    String name = port.owner() + "/" + port.port();
    PortStatus before = lastPorts.put(name, port);
    if (before == null) {
      before = new PortStatus(port.owner(), port.port(), false, 0, 0, 0, 0, 0, "");
    }
    out.println(
        String.format(
            Locale.ROOT,
            "%-24s %-5s %11.0f %11.1f %11.0f %11.1f %9d  %s",
            name,
            port.up() ? "up" : "down",
            (port.ingressFrames() - before.ingressFrames()) / seconds,
            (port.ingressBytes() - before.ingressBytes()) * 8 / seconds / 1e6,
            (port.egressFrames() - before.egressFrames()) / seconds,
            (port.egressBytes() - before.egressBytes()) * 8 / seconds / 1e6,
            port.drops() - before.drops(),
            port.dropText()));
  }

  private void printBus(PrintWriter out, Bus bus, double seconds) {
    Tally total = stack.tally(bus.name());
    Tally before = lastTallies.put(bus.name(), total);
    Tally change = total.since(before == null ? Tally.zero() : before);
    out.println(
        String.format(
            Locale.ROOT,
            "%-24s %-7d %11.0f %11.3f %9.3f %9.3f %9.3f %9.3f%s",
            bus.name(),
            bus.devices().size(),
            change.get(Event.IOS) / seconds,
            change.exitsPerIo(),
            change.perIo(Event.KICKS),
            change.perIo(Event.INTERRUPTS),
            change.perIo(Event.REGISTER_ACCESSES),
            change.perIo(Event.HALTS),
            faults(bus)));
  }

  private static String faults(Bus bus) {
    StringBuilder text = new StringBuilder();
    for (Slot slot : bus.devices()) {
      for (int i = 0; i < slot.device().queueCount(); i++) {
        if (slot.device().fault(i) != null) {
          text.append("  ")
              .append(slot.name())
              .append('.')
              .append(slot.device().spec().queues().get(i).name())
              .append(" broken: ")
              .append(slot.device().fault(i));
        }
      }
    }
    return text.toString();
  }
}
