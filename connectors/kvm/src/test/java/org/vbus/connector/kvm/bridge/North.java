package org.vbus.connector.kvm.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicInteger;
import org.jspecify.annotations.Nullable;
import org.vbus.core.bus.Bus;
import org.vbus.core.bus.Slot;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.LoopMap;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.shm.EventConsumer;
import org.vbus.shm.EventHandler;

/// A guest of a bridge, written after the text of the ABI: numbers and offsets are those of the
/// text and not those of the code under test.
final class North implements AutoCloseable, EventHandler {
  static final long BASE = 0x10000;
  static final int SIZE = 1 << 20;

  /// The guest's memory is two regions, which meet here.
  static final int BORDER = SIZE / 2;

  final MemorySegment memory = Arena.ofShared().allocate(SIZE, 4096);
  final GuestHeap heap = new GuestHeap(memory, BASE);
  final PollLoop loop = new PollLoop("stepped", new ParkWaiter(), Idle.BUSY);
  final AtomicInteger interrupts = new AtomicInteger();
  final Bus bus = new Bus("vm1", 4);
  final Bridge bridge;

  /// What events said, oldest first.
  final List<String> told = new ArrayList<>();

  private final long scratch = heap.allocate(4096, 64);
  private boolean fast;
  private @Nullable EventConsumer registered;

  North() {
    this(null);
  }

  /// @param loops who polls; null for the loop that is stepped
  North(@Nullable LoopMap loops) {
    bridge =
        new Bridge(
            bus,
            new MappedMemory(
                List.of(
                    new MemoryRegion(BASE, memory.asSlice(0, BORDER)),
                    new MemoryRegion(BASE + BORDER, memory.asSlice(BORDER)))),
            interrupts::incrementAndGet,
            loops == null ? LoopMap.single(loop) : loops);
  }

  /// Negotiates and registers an event queue of `count` descriptors that asks for interrupts.
  North ready(int count) {
    assertThat(negotiate()).isEqualTo(1);
    assertThat(register(count)).isZero();
    return this;
  }

  /// Hypercalls go by fast call from now on.
  North fast() {
    ByteBuffer desc = block(16).putInt(0, 3).putInt(4, 24).putLong(8, gpa(1024));
    assertThat(bridgeCall(3, desc)).isZero();
    fast = true;
    return this;
  }

  static ByteBuffer block(int size) {
    return ByteBuffer.allocate(size).order(ByteOrder.LITTLE_ENDIAN);
  }

  /// Address of an offset in the scratch page: arguments at 0, data at 512, fast calls at 1024.
  long gpa(int at) {
    return BASE + scratch + at;
  }

  void put(int at, ByteBuffer bytes) {
    memory.asSlice(scratch + at, bytes.capacity()).copyFrom(MemorySegment.ofBuffer(bytes));
  }

  ByteBuffer get(int at, int size) {
    ByteBuffer bytes = block(size);
    MemorySegment.ofBuffer(bytes).copyFrom(memory.asSlice(scratch + at, size));
    return bytes;
  }

  /// A bridge call with an argument at any address.
  int call(int vector, int len, long datap) {
    bridge.writeCalls(0, 4, vector);
    bridge.writeCalls(4, 4, len);
    bridge.writeCalls(8, 4, datap & 0xffffffffL);
    bridge.writeCalls(12, 4, datap >>> 32);
    return (int) bridge.readCalls(0, 4);
  }

  int bridgeCall(int vector, ByteBuffer argument) {
    put(0, argument);
    return call(vector, argument.capacity(), gpa(0));
  }

  int negotiate() {
    fast = false;
    return bridgeCall(0, block(16).putInt(0, 0xbf53eef5).putInt(4, 1).putLong(8, -1));
  }

  int register(int count) {
    return registerAt(heap.allocate(EventConsumer.footprint(count), 64), count);
  }

  /// Formats and registers an event queue at an offset of memory, its events behind it.
  int registerAt(long ring, int count) {
    EventConsumer events = EventConsumer.format(memory, ring, count, BASE + ring);
    assertThat(events.unmask()).isFalse();
    registered = events;
    return register(count, BASE + ring, BASE + ring + 56 + 32L * count);
  }

  int register(int count, long ring, long data) {
    return bridgeCall(
        1, block(32).putInt(0, 1).putInt(8, count).putLong(16, ring).putLong(24, data));
  }

  /// A hypercall with an argument at any address, by slow call or fast call.
  int hypercall(int vector, int len, long datap) {
    ByteBuffer desc = block(16).putInt(0, vector).putInt(4, len).putLong(8, datap);
    if (!fast) {
      put(256, desc);
      return call(2, 16, gpa(256));
    }
    put(1024, block(24).put(0, desc, 0, 16).putInt(16, 0x5a5a5a5a));
    bridge.signal(4, 4, 3);
    return get(1024, 24).getInt(16);
  }

  int hypercall(int vector, ByteBuffer argument) {
    put(0, argument);
    return hypercall(vector, argument.capacity(), gpa(0));
  }

  int open(int id) {
    return hypercall(0, block(16).putInt(0, id).putInt(4, 1));
  }

  int close(long handle) {
    return hypercall(1, block(8).putLong(0, handle));
  }

  /// A function of a device; the data comes back in the buffer.
  int function(long handle, int function, ByteBuffer data) {
    put(512, data);
    int result = function(handle, function, data.capacity(), gpa(512));
    data.put(0, get(512, data.capacity()), 0, data.capacity());
    return result;
  }

  int function(long handle, int function, int len, long datap) {
    return hypercall(
        2, block(32).putLong(0, handle).putInt(8, function).putInt(12, len).putLong(24, datap));
  }

  int status(long handle, int value) {
    return function(handle, 4, block(4).putInt(0, value));
  }

  int share(long handle, int id, int len, int signal, long cookie, long datap) {
    return hypercall(
        3,
        block(48)
            .putLong(0, handle)
            .putInt(8, id)
            .putInt(12, len)
            .putInt(24, signal)
            .putLong(32, cookie)
            .putLong(40, datap));
  }

  EventConsumer events() {
    return Objects.requireNonNull(registered);
  }

  /// Takes all events and returns their descriptors.
  List<String> drain() {
    EventConsumer events = events();
    told.clear();
    do {
      events.mask();
      events.drain(Integer.MAX_VALUE, this);
      if (events.inject()) {
        bridge.signal(0, 4, 0);
      }
    } while (events.unmask());
    return List.copyOf(told);
  }

  /// A slot that has a device of that name.
  Slot slot(String name) {
    return Objects.requireNonNull(bus.find(name));
  }

  void step() {
    for (int i = 0; i < 4; i++) {
      loop.doWork();
    }
  }

  @Override
  public void signal(long handle) {
    told.add("signal " + handle);
  }

  @Override
  public void deviceAdded(long id, String type) {
    told.add("added " + id + " " + type);
  }

  @Override
  public void deviceDropped(long handle) {
    told.add("dropped " + handle);
  }

  @Override
  public void signalClosed(long handle) {
    told.add("closed " + handle);
  }

  @Override
  public void close() {
    bridge.close();
    loop.close();
  }
}
