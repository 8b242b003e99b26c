package org.vbus.stack;

import com.google.inject.CreationException;
import com.google.inject.Guice;
import com.google.inject.Inject;
import com.google.inject.Module;
import com.google.inject.ProvisionException;
import com.google.inject.spi.Message;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.HostConnector;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.ledger.Tally;
import org.vbus.stack.config.BadConfigException;
import org.vbus.stack.config.ConfigError;
import org.vbus.stack.spi.ConnectorFactory;
import org.vbus.stack.spi.Parts.DeviceKey;
import org.vbus.stack.spi.PortStatus;
import org.vbus.stack.spi.Service;
import org.vbus.stack.spi.StatusSource;

/// A composed environment: loops, switches and other services, buses with their devices,
/// connectors.
///
/// ```
///   start: services -> loops -> devices plugged -> connectors -> guests
///   close: loops -> connectors -> devices unplugged -> services
/// ```
///
/// With the loops gone first no frame moves any more, and what the others would have a loop do they
/// do themselves: on a busy machine each such request costs a wait for the loop's thread.
///
/// Control methods are for one thread at a time.
public final class Stack implements AutoCloseable {
  private static final Logger LOG = LoggerFactory.getLogger(Stack.class);

  private final Loops loops;
  private final Set<Service> services;
  private final Set<StatusSource> statusSources;
  private final Map<DeviceKey, DeviceModel> models;
  private final Map<String, ConnectorFactory> factories;
  private final Map<String, Bus> buses = new LinkedHashMap<>();
  private final Map<String, BusPlan> plans = new LinkedHashMap<>();
  private final Map<String, HostConnector> connectors = new LinkedHashMap<>();
  private boolean started;
  private boolean closed;

  @Inject
  Stack(
      Loops loops,
      Set<Service> services,
      Set<StatusSource> statusSources,
      Set<BusPlan> plans,
      Map<DeviceKey, DeviceModel> models,
      Map<String, ConnectorFactory> factories) {
    this.loops = loops;
    this.services = services;
    this.statusSources = statusSources;
    this.models = models;
    this.factories = factories;
    for (BusPlan plan : plans) {
      this.plans.put(plan.name(), plan);
      Bus bus = new Bus(plan.name(), plan.slots(), plan.ringFeatures());
      bus.coalesce(plan.coalesce().count(), plan.coalesce().micros());
      buses.put(plan.name(), bus);
    }
  }

  /// Composes a stack of modules; nothing is started.
  ///
  /// @throws BadConfigException when the modules do not fit together
  public static Stack of(Module... modules) {
    return of(Arrays.asList(modules));
  }

  /// Composes a stack of modules; nothing is started.
  ///
  /// @throws BadConfigException when the modules do not fit together
  public static Stack of(Collection<? extends Module> modules) {
    List<Module> all = new ArrayList<>(modules);
    all.add(new StackModule());
    try {
      return Guice.createInjector(all).getInstance(Stack.class);
    } catch (CreationException e) {
      throw reason(e, e.getErrorMessages());
    } catch (ProvisionException e) {
      throw reason(e, e.getErrorMessages());
    }
  }

  /// What was wrong in words of the configuration, not of the injector.
  private static RuntimeException reason(RuntimeException e, Collection<Message> messages) {
    List<ConfigError> errors = new ArrayList<>();
    for (Message message : messages) {
      if (message.getCause() instanceof BadConfigException bad) {
        errors.addAll(bad.errors());
      }
    }
    return errors.isEmpty() ? e : BadConfigException.of(errors.stream().distinct().toList());
  }

  /// Starts everything.
  ///
  /// @throws IOException when the machine lacks something; all that was started is stopped again
  /// @throws BadConfigException likewise, when a configured value is to blame
  public void start() throws IOException {
    if (started) {
      throw new IllegalStateException("a stack starts once");
    }
    started = true;
    try {
      for (Service service : services) {
        service.start();
      }
      loops.start();
      for (Map.Entry<DeviceKey, DeviceModel> entry : models.entrySet()) {
        bus(entry.getKey().bus()).plug(entry.getKey().device(), entry.getValue());
      }
      for (Map.Entry<String, ConnectorFactory> entry : factories.entrySet()) {
        BusPlan plan = plans.get(entry.getKey());
        if (plan == null) {
          throw new IllegalStateException(
              "a connector names bus " + entry.getKey() + ", which is not there");
        }
        HostConnector connector =
            entry.getValue().open(bus(entry.getKey()), loops.mapForBus(), plan.signals());
        connectors.put(entry.getKey(), connector);
        connector.start();
      }
    } catch (IOException | RuntimeException e) {
      close();
      throw e;
    }
  }

  /// The buses in order.
  public Collection<Bus> buses() {
    return buses.values();
  }

  /// The bus of that name.
  ///
  /// @throws IllegalArgumentException when there is none
  public Bus bus(String name) {
    Bus bus = buses.get(name);
    if (bus == null) {
      throw new IllegalArgumentException(
          "no bus is named " + name + "; there are " + String.join(", ", buses.keySet()));
    }
    return bus;
  }

  /// The connector that serves a bus.
  public HostConnector connector(String bus) {
    HostConnector connector = connectors.get(bus);
    if (connector == null) {
      throw new IllegalArgumentException("bus " + bus + " has no running connector");
    }
    return connector;
  }

  /// The loops.
  public Loops loops() {
    return loops;
  }

  /// Ports of all switches now.
  public List<PortStatus> ports() {
    return statusSources.stream().flatMap(source -> source.ports().stream()).toList();
  }

  /// Crossings of a bus's boundary: what its devices and its connector counted.
  public Tally tally(String bus) {
    HostConnector connector = connectors.get(bus);
    Tally sum = connector == null ? Tally.zero() : connector.tally();
    for (Slot slot : bus(bus).devices()) {
      sum = sum.plus(slot.device().tally());
    }
    return sum;
  }

  /// Stops everything; what fails to stop is logged and does not keep the rest from stopping.
  @Override
  public void close() {
    if (closed) {
      return;
    }
    closed = true;
    quietly(loops::close, "poll loops");
    List<HostConnector> running = new ArrayList<>(connectors.values());
    running.reversed().forEach(connector -> quietly(connector, "connector"));
    for (Bus bus : buses.values()) {
      for (Slot slot : bus.devices()) {
        quietly(() -> bus.unplug(slot), slot.name());
      }
    }
    List<Service> stopping = new ArrayList<>(services);
    stopping.reversed().forEach(service -> quietly(service, "service"));
  }

  private static void quietly(AutoCloseable part, String what) {
    try {
      part.close();
    } catch (Exception e) {
      LOG.error("could not stop {}", what, e);
    }
  }
}
