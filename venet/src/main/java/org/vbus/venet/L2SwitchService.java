package org.vbus.venet;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.vbus.linux.Tap;
import org.vbus.linux.TapOptions;
import org.vbus.stack.Loops;
import org.vbus.stack.config.Located;
import org.vbus.stack.spi.PortStatus;
import org.vbus.stack.spi.Service;
import org.vbus.stack.spi.StatusSource;
import org.vbus.venet.capture.PcapngCapture;
import org.vbus.venet.l2.DropReason;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.PortCounters;
import org.vbus.venet.l2.SwitchPort;

/// A switch of a stack: opens its taps and its capture when the stack starts, frees expired
/// addresses while it runs.
final class L2SwitchService implements Service, StatusSource {
  private static final long SWEEP_MILLIS = 5_000;

  private final L2SwitchConfig config;
  private final VenetSwitch network;
  private final List<TapPort> taps = new ArrayList<>();
  private final Loops loops;
  private @Nullable PcapngCapture capture;
  private @Nullable Thread sweeper;

  /// A switch whose taps are polled by `loops`; nothing is opened.
  ///
  /// @throws org.vbus.stack.config.BadConfigException when another switch has one of its taps
  L2SwitchService(String name, L2SwitchConfig config, Loops loops, TapNames taken) {
    taps(config).values().forEach(taken::take);
    this.config = config;
    this.loops = loops;
    this.network =
        new VenetSwitch(
            new L2Switch(name, config.macTable().capacity(), config.macTable().ageing()));
  }

  /// All taps by port name, the uplink first.
  private static Map<String, TapConfig> taps(L2SwitchConfig config) {
    Map<String, TapConfig> all = new LinkedHashMap<>();
    if (config.uplink() != null) {
      all.put(L2SwitchConfig.UPLINK, config.uplink().tap());
    }
    all.putAll(config.taps());
    return all;
  }

  VenetSwitch network() {
    return network;
  }

  @Override
  public void start() throws IOException {
    Located<String> file = config.capture();
    if (file != null) {
      try {
        PcapngCapture opened = PcapngCapture.open(Path.of(file.value()));
        capture = opened;
        network.capture(opened);
      } catch (IOException e) {
        throw file.error(String.valueOf(e.getMessage()));
      }
    }
    for (Map.Entry<String, TapConfig> entry : taps(config).entrySet()) {
      open(entry.getKey(), entry.getValue());
    }
    sweeper = Thread.ofVirtual().name("mac-sweep-" + network.l2().name()).start(this::sweep);
  }

  private void open(String port, TapConfig tap) {
    Path netns = tap.netns() == null ? null : namespace(tap.netns());
    try {
      Tap opened =
          Tap.open(
              TapOptions.named(tap.name().value())
                  .withNetns(netns)
                  .withMtu(tap.mtu())
                  .withOffloads(tap.offloads()));
      try {
        taps.add(new TapPort(port, opened, network, loops.next(), tap.group()));
      } catch (IllegalArgumentException e) {
        opened.close();
        throw e;
      }
    } catch (IOException | IllegalArgumentException | UnsupportedOperationException e) {
      throw tap.name().error(String.valueOf(e.getMessage()));
    }
  }

  private static Path namespace(Located<String> netns) {
    String name = netns.value();
    Path path = name.contains("/") ? Path.of(name) : Path.of("/run/netns", name);
    if (!Files.exists(path)) {
      throw netns.error(
          "there is no network namespace %s; make one with `ip netns add NAME`".formatted(path));
    }
    return path;
  }

  private void sweep() {
    while (true) {
      try {
        Thread.sleep(SWEEP_MILLIS);
      } catch (InterruptedException e) {
        return;
      }
      network.l2().sweep(System.nanoTime());
    }
  }

  @Override
  public void close() {
    Thread sweeping = sweeper;
    if (sweeping != null) {
      sweeping.interrupt();
    }
    taps.forEach(TapPort::close);
    taps.clear();
    PcapngCapture open = capture;
    if (open != null) {
      network.capture(null);
      try {
        open.close();
      } catch (IOException e) {
        throw new UncheckedIOException(e);
      }
    }
  }

  @Override
  public List<PortStatus> ports() {
    return network.l2().ports().stream().map(this::status).toList();
  }

  private PortStatus status(SwitchPort port) {
    PortCounters.Snapshot now = port.counters().snapshot();
    long drops = now.drops().values().stream().mapToLong(Long::longValue).sum();
    String text =
        now.drops().entrySet().stream()
            .map(entry -> text(entry.getKey()) + " " + entry.getValue())
            .collect(Collectors.joining(", "));
    return new PortStatus(
        network.l2().name(),
        port.name(),
        port.isUp(),
        now.ingressFrames(),
        now.ingressBytes(),
        now.egressFrames(),
        now.egressBytes(),
        drops,
        text);
  }

  private static String text(DropReason reason) {
    return reason.name().toLowerCase(Locale.ROOT).replace('_', '-');
  }
}
