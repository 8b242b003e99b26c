package org.vbus.connector.kvm.bridge;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.List;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;
import org.vbus.shm.Locality;
import org.vbus.shm.ShmSignal;

/// An open device of a [North] with one queue that it uses.
final class NorthDevice {
  static final int ENTRIES = 16;
  static final long COOKIE = 0x7000_0000_0000L;

  /// Rings of 16 entries by the table of the package: 256, up(38), up(134), then the signal.
  static final int SIGNAL = 256 + 64 + 192;

  final North north;
  final int handle;
  final long region;
  final DriverQueue queue;
  final ShmSignal signal;
  private final long buffers;
  int kick;

  /// Opens device `id` and agrees on `features`, without a queue yet.
  NorthDevice(North north, int id, long features) {
    this.north = north;
    assertThat(north.open(id)).isZero();
    handle = (int) north.get(0, 16).getLong(8);
    negotiate(features);
    region = north.heap.allocate(SIGNAL + 16, 64);
    queue =
        DriverQueue.create(
            0,
            ENTRIES,
            features,
            0,
            new GuestHeap(north.memory.asSlice(region, SIGNAL), North.BASE + region),
            new Ledger());
    ShmSignal.format(north.memory, region + SIGNAL);
    signal = new ShmSignal(north.memory, region + SIGNAL, Locality.NORTH);
    buffers = north.heap.allocate(128 * ENTRIES, 64);
  }

  NorthDevice(North north, int id) {
    this(north, id, Feature.VERSION_1.mask());
  }

  private void negotiate(long features) {
    assertThat(north.status(handle, 0)).isZero();
    assertThat(north.status(handle, 3)).isEqualTo(3);
    assertThat(north.function(handle, 2, North.block(8).putLong(0, features))).isZero();
    assertThat(north.status(handle, 11)).isEqualTo(11);
  }

  /// Registers queue 0 with its signal, asks for signals and starts the device.
  NorthDevice start() {
    kick = shareQueue();
    assertThat(kick).isNotNegative();
    assertThat(signal.enable()).isFalse();
    assertThat(north.status(handle, 15)).isEqualTo(15);
    return this;
  }

  int shareQueue() {
    return north.share(
        handle, ENTRIES << 16, SIGNAL + 16, SIGNAL, COOKIE + handle, North.BASE + region);
  }

  /// Offers a request of 8 bytes, with kick if asked for one.
  void request(int token, long payload) {
    long at = buffers + 64L * token;
    north.memory.set(ValueLayout.JAVA_LONG, at, payload);
    north.memory.set(ValueLayout.JAVA_LONG, at + 32, 0);
    queue.begin();
    queue.out(North.BASE + at, 8);
    queue.in(North.BASE + at + 32, 8);
    queue.commit(token);
    if (queue.publish()) {
      north.bridge.signal(8, 4, kick);
    }
  }

  /// The responses that are there.
  List<Long> responses() {
    List<Long> found = new ArrayList<>();
    for (int token; (token = queue.nextUsed()) >= 0; ) {
      assertThat(queue.usedLength()).isEqualTo(8);
      found.add(north.memory.get(ValueLayout.JAVA_LONG, buffers + 64L * token + 32));
    }
    return found;
  }

  /// What a guest does for a SHMSIGNAL event with the cookie of this queue.
  List<Long> wakeup() {
    List<Long> found = new ArrayList<>();
    signal.wakeup(() -> found.addAll(responses()));
    return found;
  }

  /// Gives the memory of a closed device back.
  void release() {
    north.heap.release(region, SIGNAL + 16);
    north.heap.release(buffers, 128 * ENTRIES);
  }

  ByteBuffer function(int function, ByteBuffer data) {
    assertThat(north.function(handle, function, data)).isZero();
    return data;
  }
}
