package org.vbus.bench.station;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import java.util.Arrays;
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
import org.vbus.venet.l2.FrameBuffer;
import org.vbus.venet.l2.L2Switch;
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

  /// Frames generated per poll: the burst of DPDK's generator.
  private static final int BURST = 32;

  private static final ValueLayout.OfLong BE_LONG =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /// The bytes of an address among eight.
  private static final long UPPER_SIX = -1L << 16;

  private final Does does;
  private final L2Switch network = new L2Switch("station");
  private final VenetDevice card;
  private final SwitchPort port;
  private final Frame[] generated = new Frame[StationFrames.FLOWS];
  private final FrameBuffer[] copies = new FrameBuffer[PollLoop.BUDGET];
  private int copied;
  private int flow;
  private volatile @Nullable DeviceContext running;

  /// A card without a driver.
  public StationDevice(StationConfig config) {
    does = config.does();
    VenetOptions options =
        VenetOptions.standard().withMtu(config.mtu()).withQueues(config.queues());
    card = new VenetDevice("card", new VenetSwitch(network), StationFrames.GUEST, options);
    port = network.attach("station", this::received);
    Arrays.setAll(copies, _ -> new FrameBuffer());
    Arrays.setAll(generated, number -> generated(number, config.length()));
  }

  private static Frame generated(int number, int length) {
    Frame frame = new Frame(1);
    byte[] bytes = StationFrames.frame(StationFrames.STATION, StationFrames.GUEST, number, length);
    MemorySegment memory = Arena.ofAuto().allocate(length, Long.BYTES);
    MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, length);
    boolean _ = frame.add(memory, 0, length);
    return frame;
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
      copied = 0;
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
    for (int i = 0; i < BURST; i++) {
      network.forward(port, generated[flow], time);
      flow = flow + 1 == generated.length ? 0 : flow + 1;
    }
    return BURST;
  }

  private void sendBack(long time) {
    for (int i = 0; i < copied; i++) {
      network.forward(port, copies[i].frame(), time);
    }
    copied = 0;
  }

  /// A frame from the guest.
  private Delivery received(Frame frame) {
    if (does != Does.REFLECT) {
      return Delivery.DELIVERED;
    }
    if (copied == copies.length) {
      return Delivery.QUEUE_FULL;
    }
    FrameBuffer copy = copies[copied++];
    copy.copyOf(frame, frame.length());
    exchange(copy.frame());
    return Delivery.DELIVERED;
  }

  /// Exchanges the addresses of a copy, before anybody has read them.
  private static void exchange(Frame frame) {
    MemorySegment memory = frame.segment(0);
    long at = frame.offset(0);
    long first = memory.get(BE_LONG, at);
    long second = memory.get(BE_LONG, at + 6);
    // Two bytes of each word belong to what follows the address.
    memory.set(BE_LONG, at, (second & UPPER_SIX) | (first >>> 48));
    memory.set(BE_LONG, at + 6, (first & UPPER_SIX) | (second & ~UPPER_SIX));
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
    for (FrameBuffer copy : copies) {
      copy.release();
    }
  }
}
