package org.vbus.connector.vhostuser;

import java.io.IOException;
import java.util.HashMap;
import java.util.Map;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ExecutionException;
import org.jspecify.annotations.Nullable;
import org.slf4j.Logger;
import org.slf4j.LoggerFactory;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.BusListener;
import org.vbus.core.bus.Slot;
import org.vbus.core.connector.HostConnector;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ledger.Tally;
import org.vbus.core.loop.LoopMap;

/// The host half over vhost-user: each device of the bus has a socket, to which the guest's virtual
/// machine monitor connects, or which it made and vbus connects to.
///
/// Devices plugged later get theirs then, unplugging closes it. A front-end that goes away leaves
/// its device ready for the next. Control methods may be called by any thread.
public final class VhostUser implements HostConnector, BusListener {
  private static final Logger LOG = LoggerFactory.getLogger(VhostUser.class);

  private final Bus bus;
  private final Endpoint.Surroundings around;
  private final Sockets sockets;
  private final ControlLoop control;
  private final Map<Slot, Endpoint> endpoints = new HashMap<>();
  private boolean started;

  /// Where the socket of a device comes from.
  interface Sockets {
    Endpoint open(Slot slot, Endpoint.Surroundings around) throws IOException;
  }

  VhostUser(Bus bus, LoopMap loops, SignalPolicy policy, Sockets sockets) throws IOException {
    this.bus = bus;
    this.sockets = sockets;
    this.control = new ControlLoop("vbus-vhost-" + bus.name());
    this.around = new Endpoint.Surroundings(loops, policy, control);
    try {
      for (Slot slot : bus.devices()) {
        endpoints.put(slot, sockets.open(slot, around));
      }
    } catch (IOException | RuntimeException e) {
      endpoints.values().forEach(Endpoint::close);
      throw e;
    }
  }

  @Override
  public void start() {
    control.start();
    onControl(() -> {
      endpoints.values().forEach(Endpoint::start);
      started = true;
    });
    bus.listen(this);
  }

  @Override
  public void plugged(Slot slot) {
    onControl(() -> {
      if (!started || endpoints.containsKey(slot)) {
        return;
      }
      try {
        Endpoint endpoint = sockets.open(slot, around);
        endpoints.put(slot, endpoint);
        endpoint.start();
      } catch (IOException e) {
        LOG.error("{}: no front-end can reach it: {}", slot.device().name(), e.getMessage());
      }
    });
  }

  @Override
  public void unplugging(Slot slot) {
    onControl(() -> {
      Endpoint endpoint = endpoints.remove(slot);
      if (endpoint != null) {
        endpoint.close();
      }
    });
  }

  /// Runs `action` on the control thread and waits for it.
  private void onControl(Runnable action) {
    CompletableFuture<@Nullable Void> done = new CompletableFuture<>();
    control.execute(() -> {
      try {
        action.run();
        done.complete(null);
      } catch (RuntimeException | Error e) {
        done.completeExceptionally(e);
      }
    });
    boolean interrupted = false;
    while (true) {
      try {
        done.get();
        break;
      } catch (InterruptedException e) {
        interrupted = true;
      } catch (ExecutionException e) {
        throw new IllegalStateException("control thread of " + bus.name(), e.getCause());
      }
    }
    if (interrupted) {
      Thread.currentThread().interrupt();
    }
  }

  /// Nothing of its own: kicks and calls are counted with the queues they belong to.
  @Override
  public Tally tally() {
    return Tally.zero();
  }

  @Override
  public void close() {
    if (started) {
      bus.unlisten(this);
      onControl(() -> {
        endpoints.values().forEach(Endpoint::close);
        endpoints.clear();
      });
    } else {
      endpoints.values().forEach(Endpoint::close);
      endpoints.clear();
      control.start();
    }
    control.close();
  }
}
