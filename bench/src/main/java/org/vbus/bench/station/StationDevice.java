package org.vbus.bench.station;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.jspecify.annotations.Nullable;
import org.vbus.bench.station.StationConfig.Does;
import org.vbus.core.device.ConfigSpace;
import org.vbus.core.device.DeviceContext;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.device.DeviceSpec;
import org.vbus.core.device.HasConfig;
import org.vbus.core.loop.PollLoop;
import org.vbus.venet.VenetDevice;
import org.vbus.venet.VenetOptions;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.FrameBurst;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.Port;
import org.vbus.venet.l2.SwitchPort;

/// A venet card on a switch of its own, whose only other port is a station in this process.
///
/// ```
///   guest -- rings -- VenetDevice -- L2Switch -- station: discards, generates, reflects
/// ```
///
/// The path of a frame is that of the product, switch included. The station works on the loop that
/// polls the card; all of its queues must be on one. It reflects as a forwarder with memory of its
/// own does, by a copy out and a copy in, whole bursts at a time.
public final class StationDevice implements DeviceModel, HasConfig {
  private static final int RX = 0;

  private static final ValueLayout.OfLong BE_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /// An Ethernet header with a tag.
  private static final int MOST_HEADER = 18;

  /// The bytes of an address among eight.
  private static final long UPPER_SIX = -1L << 16;

  private final Does does;
  private final L2Switch network = new L2Switch("station");
  private final VenetDevice card;
  private final SwitchPort port;
  private final int slot;

  /// One frame of each flow, as many as DPDK's generator has in a burst.
  private final FrameBurst generated = new FrameBurst(StationFrames.FLOWS);

  private final MemorySegment memory;
  private final FrameBurst copies = new FrameBurst(PollLoop.BUDGET);
  private volatile @Nullable DeviceContext running;

  /// A card without a driver.
  public StationDevice(StationConfig config) {
    does = config.does();
    VenetOptions options =
        VenetOptions.standard().withMtu(config.mtu()).withQueues(config.queues());
    card = new VenetDevice("card", new VenetSwitch(network), StationFrames.GUEST, options);
    port = network.attach("station", new Station());
    slot = (config.mtu() + MOST_HEADER + 63) & -64;
    memory = Arena.ofAuto().allocate((long) slot * PollLoop.BUDGET, 64);
    generate(config.length());
    copies.begin(memory);
  }

  private void generate(int length) {
    MemorySegment frames = Arena.ofAuto().allocate((long) length * StationFrames.FLOWS, 64);
    generated.begin(frames);
    for (int i = 0; i < StationFrames.FLOWS; i++) {
      byte[] bytes = StationFrames.frame(StationFrames.STATION, StationFrames.GUEST, i, length);
      long at = (long) length * i;
      MemorySegment.copy(bytes, 0, frames, ValueLayout.JAVA_BYTE, at, length);
      generated.add(at, length);
    }
  }

  @Override
  public DeviceSpec spec() {
    return card.spec();
  }

  @Override
  public ConfigSpace config() {
    return card.config();
  }

  @Override
  public boolean kicks(int queue) {
    return card.kicks(queue);
  }

  @Override
  public void start(DeviceContext context) {
    PollLoop loop = context.loop(RX);
    for (int i = 1; i < spec().queues().size(); i++) {
      if (context.enabled(i) && context.loop(i) != loop) {
        throw new IllegalStateException("all queues of a station belong on one loop");
      }
    }
    card.start(context);
    running = context;
    // The switch hears of the guest before the guest speaks, so nothing has to be flooded.
    byte[] hello = StationFrames.frame(StationFrames.GUEST, StationFrames.STATION, 0, 60);
    loop.execute(() -> {
      Frame frame = new Frame(1);
      boolean _ =
          frame.add(
              Arena.ofAuto().allocate(hello.length).copyFrom(MemorySegment.ofArray(hello)),
              0,
              hello.length);
      network.forward(card.port(), frame, loop.now());
      copies.begin(memory);
    });
  }

  @Override
  public int poll(int queue, int budget) {
    DeviceContext context = running;
    int done = card.poll(queue, budget);
    if (context == null) {
      return done;
    }
    return switch (does) {
      case DISCARD -> done;
      case GENERATE -> (queue & 1) == RX ? done + generate(context.loop(queue).now()) : done;
      case REFLECT -> {
        sendBack(context.loop(queue).now());
        yield done;
      }
    };
  }

  /// What finds no buffer is dropped, as by any sender that does not wait.
  private int generate(long time) {
    network.forward(port, generated, time);
    return generated.count();
  }

  private void sendBack(long time) {
    if (copies.count() > 0) {
      network.forward(port, copies, time);
      copies.begin(memory);
    }
  }

  /// What gets the guest's frames.
  private final class Station implements Port {
    @Override
    public Delivery deliver(Frame frame) {
      if (does != Does.REFLECT) {
        return Delivery.DELIVERED;
      }
      if (frame.length() > slot) {
        return Delivery.TOO_BIG;
      }
      if (copies.count() == PollLoop.BUDGET) {
        return Delivery.QUEUE_FULL;
      }
      long at = (long) slot * copies.count();
      frame.copyTo(memory, at);
      keep(at, frame.length());
      return Delivery.DELIVERED;
    }

    @Override
    public int deliver(FrameBurst frames, int from, int to) {
      if (does != Does.REFLECT) {
        return to - from;
      }
      int next = from;
      MemorySegment source = frames.segment();
      while (next < to && copies.count() < PollLoop.BUDGET && frames.length(next) <= slot) {
        long at = (long) slot * copies.count();
        int length = frames.length(next);
        MemorySegment.copy(source, frames.offset(next), memory, at, length);
        keep(at, length);
        next++;
      }
      return next - from;
    }

    /// Exchanges the addresses of a copy, which is sent back after the poll.
    private void keep(long at, int length) {
      long first = memory.get(BE_LONG, at);
      long second = memory.get(BE_LONG, at + 6);
      // Two bytes of each word belong to what follows the address.
      memory.set(BE_LONG, at, (second & UPPER_SIX) | (first >>> 48));
      memory.set(BE_LONG, at + 6, (first & UPPER_SIX) | (second & ~UPPER_SIX));
      copies.add(at, length);
    }
  }

  @Override
  public void stop() {
    running = null;
    card.stop();
  }

  @Override
  public void reset() {
    card.reset();
  }

  @Override
  public void close() {
    network.detach(port);
    card.close();
  }
}
