package org.vbus.tests.conformance.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.vbus.core.bus.BusRegisters;
import org.vbus.core.connector.GuestConnector;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.core.ring.Burst;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.cpu.GuestCpu;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.proxy.driver.VirtioTransport;
import org.vbus.proxy.guest.Guest;

/// A network card that does what a test says, as a [NetDriver] sees it through its transport: real
/// device halves of the queues, everything else by hand. Also the guest's memory and processor.
final class ScriptedNic implements VirtioTransport {
  static final int RX = 0;
  static final int TX = 1;

  /// What the device offers; before [#driver].
  long offered;

  final byte[] config = new byte[64];
  int maxQueueSize = 256;
  private final MemorySegment memory = Arena.ofAuto().allocate(8 << 20, 4096);
  private final MappedMemory guestMemory =
      new MappedMemory(List.of(new MemoryRegion(0x4000_0000L, memory)));
  private final Guest guest = new Guest(new Connector(), new GuestCpu());
  private final VirtQueue[] queues = new VirtQueue[2];
  private final Runnable[] handlers = new Runnable[2];
  private final Burst burst = new Burst();
  private Runnable configHandler = () -> {};
  private int generation;
  private long accepted;
  private int status;

  /// Frames the driver handed up.
  final List<byte[]> received = new ArrayList<>();

  ScriptedNic(long offered) {
    this.offered = offered;
  }

  /// Sets a little-endian configuration field.
  void config(int offset, int size, long value) {
    for (int i = 0; i < size; i++) {
      config[offset + i] = (byte) (value >>> (8 * i));
    }
    generation++;
  }

  void configChanged() {
    configHandler.run();
  }

  /// A driver that has initialised this device and keeps what it receives.
  NetDriver driver(int queueSize) {
    NetDriver driver = new NetDriver(guest, this, NetDriver.UNDERSTOOD, queueSize);
    driver.onFrame((segment, off, len) ->
        received.add(segment.asSlice(off, len).toArray(ValueLayout.JAVA_BYTE)));
    return driver;
  }

  long accepted() {
    return accepted;
  }

  /// Sizes of the receive buffers offered and not used, in order.
  List<Integer> receiveBuffers() {
    List<Integer> sizes = new ArrayList<>();
    Chain chain = new Chain();
    for (int i = 0; queues[RX].peek(chain, i); i++) {
      sizes.add(chain.writable());
    }
    return sizes;
  }

  /// Fills the next receive buffer with `bytes`, says that `length` were written, and lets the
  /// driver poll.
  void deliver(byte[] bytes, int length) {
    use(bytes, length);
    poll();
  }

  /// Fills the next receive buffer; not visible before [#poll()].
  void use(byte[] bytes, int length) {
    Chain chain = new Chain();
    if (!queues[RX].peek(chain)) {
      throw new AssertionError("the driver has offered no receive buffer");
    }
    chain.write(0, MemorySegment.ofArray(bytes), 0, bytes.length);
    queues[RX].complete(chain, length);
  }

  /// Publishes, interrupts, and lets the guest poll until it is done.
  void poll() {
    burst.publish();
    handlers[RX].run();
    while (guest.poll() > 0) {
      // once more
    }
  }

  /// Takes one packet the driver sent, header included, and dirties its memory; null when there is
  /// none.
  byte[] sent() {
    Chain chain = new Chain();
    if (!queues[TX].peek(chain)) {
      return null;
    }
    byte[] packet = new byte[chain.readable()];
    chain.read(0, MemorySegment.ofArray(packet), 0, packet.length);
    for (int i = 0; i < chain.readablePieces(); i++) {
      chain.segment(i).asSlice(chain.offset(i), chain.length(i)).fill((byte) 0xff);
    }
    queues[TX].complete(chain, 0);
    burst.publish();
    return packet;
  }

  @Override
  public int deviceId() {
    return NetDriver.DEVICE_ID;
  }

  @Override
  public String name() {
    return "scripted card";
  }

  @Override
  public long deviceFeatures() {
    return offered;
  }

  @Override
  public void driverFeatures(long features) {
    accepted = features;
  }

  @Override
  public int status() {
    return status;
  }

  @Override
  public void status(int value) {
    status = value;
  }

  @Override
  public long config(int offset, int size) {
    long value = 0;
    for (int i = 0; i < size; i++) {
      value |= (config[offset + i] & 0xffL) << (8 * i);
    }
    return value;
  }

  @Override
  public int configGeneration() {
    return generation;
  }

  @Override
  public int maxQueueSize(int queue) {
    return maxQueueSize;
  }

  @Override
  public void enableQueue(int queue, VirtQueue.Addresses at, int level, Runnable handler) {
    handlers[queue] = handler;
    VirtQueue.FaultListener faults =
        broken -> {
          throw new AssertionError("the driver broke queue " + queue + ": " + broken.fault());
        };
    queues[queue] =
        Objects.requireNonNull(
            VirtQueue.open(
                queue,
                at,
                guestMemory,
                accepted,
                VirtQueue.freshPosition(accepted),
                new Ledger(),
                () -> true,
                faults));
    queues[queue].bind(burst);
  }

  @Override
  public void onConfigChange(Runnable handler) {
    configHandler = handler;
  }

  @Override
  public void kick(int queue) {}

  @Override
  public void release() {}

  /// A boundary with nothing behind it but an empty bus.
  private final class Connector implements GuestConnector {
    @Override
    public MemorySegment memory() {
      return memory;
    }

    @Override
    public long memoryBase() {
      return 0x4000_0000L;
    }

    @Override
    public long read(int window, int offset, int size) {
      return switch (offset) {
        case BusRegisters.MAGIC -> BusRegisters.MAGIC_VALUE;
        case BusRegisters.POLICY -> SignalPolicy.DIRECT.code();
        case BusRegisters.SLOT_COUNT -> 1;
        default -> 0;
      };
    }

    @Override
    public void write(int window, int offset, int size, long value) {}

    @Override
    public void kick(int slot, int queue) {}

    @Override
    public void close() {}
  }
}
