package org.vbus.connector.vhostuser;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;
import org.vbus.core.ring.Burst;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.Inflight;
import org.vbus.core.ring.SplitLayout;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.DriverQueue;
import org.vbus.proxy.driver.GuestHeap;

/// A device that is killed anywhere between two stores to its account, and one that goes on: the
/// driver gets each chain back exactly once, with its answer.
@Timeout(120)
final class InflightTest {
  private static final int SIZE = 16;
  private static final int ENTRIES = 24;
  private static final long BASE = 1 << 20;
  private static final long SPLIT = 1L << 32;
  private static final long PACKED = SPLIT | 1L << 34;
  private static final long IN_ORDER = 1L << 35;
  private static final long INDIRECT = 1L << 28;
  private static final int BUFFER = 32;

  private final Arena arena = Arena.ofConfined();
  private final MemorySegment memory = arena.allocate(1 << 18, 4096);
  private final GuestHeap heap = new GuestHeap(memory, BASE);
  private final MappedMemory guest = new MappedMemory(List.of(new MemoryRegion(BASE, memory)));
  private final MemorySegment account = arena.allocate(4096, 64);
  private DriverQueue driver = DriverQueue.create(0, SIZE, SPLIT, 0, heap, new Ledger());

  @AfterEach
  void release() {
    arena.close();
  }

  /// The process ends.
  private static final class Killed extends RuntimeException {
    private static final long serialVersionUID = 1L;
  }

  /// Ends the process before one of its stores.
  private static final class Killer extends InflightRegion {
    private int left;

    Killer(MemorySegment segment, int stores) {
      super(segment);
      this.left = stores;
    }

    private void step() {
      if (left-- == 0) {
        throw new Killed();
      }
    }

    @Override
    void fill(long at, int value) {
      step();
      super.fill(at, value);
    }

    @Override
    void fill(long at, long value) {
      step();
      super.fill(at, value);
    }

    @Override
    void putByte(long at, int value) {
      step();
      super.putByte(at, value);
    }

    @Override
    void putShort(long at, int value) {
      step();
      super.putShort(at, value);
    }
  }

  /// A device that holds chains, in a process that may end.
  private final class Device {
    private final VirtQueue queue;
    private final Burst burst = new Burst();
    private final List<Chain> held = new ArrayList<>();

    Device(long features, int base, int lives) throws ProtocolException {
      InflightRegion region = new Killer(account, lives);
      VirtQueue.Addresses at = driver.addresses();
      Inflight kept;
      int position;
      if (Feature.RING_PACKED.in(features)) {
        MarkedRing ring = Objects.requireNonNull(MarkedRing.at(at, guest));
        PackedInflight packed = new PackedInflight(region, ENTRIES, SIZE, base, ring);
        position = packed.position(base);
        kept = packed;
      } else {
        int used = memory.get(LittleEndian.SHORT, at.used() - BASE + SplitLayout.IDX) & 0xffff;
        SplitInflight split = new SplitInflight(region, ENTRIES, SIZE, used);
        position = split.position((base & 0xffff) | used << 16);
        kept = split;
      }
      queue =
          Objects.requireNonNull(
              VirtQueue.open(
                  0, at, guest, features, position, new Ledger(), () -> true, broken -> {}));
      queue.bind(burst);
      queue.keepAccount(kept);
    }

    void takeAll() {
      for (Chain chain = new Chain(); queue.peek(chain); chain = new Chain()) {
        queue.hold(chain);
        held.add(chain);
      }
      assertThat(queue.fault()).isNull();
    }

    void complete(int i) {
      Chain chain = held.remove(i);
      int n = 0;
      for (int piece = 0; piece < chain.readablePieces(); piece++) {
        n += chain.write(n, chain.segment(piece), chain.offset(piece), chain.length(piece));
      }
      queue.complete(chain, n);
    }

    void publish() {
      burst.publish();
    }
  }

  /// A driver with requests of its own numbers in 1 to 3 descriptors.
  private final class Requests {
    private final long[] buffers = new long[SIZE];
    private final BitSet offered = new BitSet();
    private int next;
    private int answered;

    Requests() {
      for (int i = 0; i < SIZE; i++) {
        buffers[i] = heap.allocate(4 * BUFFER, 64);
      }
    }

    boolean offer() {
      int token = next % SIZE;
      int outs = 1 + next % 2;
      if (offered.get(token) || driver.free() < outs + 1) {
        return false;
      }
      long at = buffers[token];
      memory.asSlice(at, 4 * BUFFER).fill((byte) 0);
      driver.begin();
      for (int i = 0; i < outs; i++) {
        memory.set(LittleEndian.LONG, at + (long) i * BUFFER, next + 1);
        driver.out(heap.gpa(at + (long) i * BUFFER), BUFFER);
      }
      driver.in(heap.gpa(at + 2 * BUFFER), outs * BUFFER);
      driver.commit(token);
      offered.set(token);
      memory.set(LittleEndian.LONG, at + 8, next + 1);
      next++;
      return true;
    }

    void offerMany(int n) {
      for (int i = 0; i < n && offer(); i++) {}
      driver.publish();
    }

    void takeAnswers() {
      for (int token; (token = driver.nextUsed()) >= 0; ) {
        assertThat(offered.get(token)).as("request %d is waited for", token).isTrue();
        long at = buffers[token];
        assertThat(memory.get(LittleEndian.LONG, at + 2 * BUFFER))
            .isEqualTo(memory.get(LittleEndian.LONG, at));
        offered.clear(token);
        answered++;
      }
    }
  }

  private static final int FOREVER = Integer.MAX_VALUE;

  /// What a device does until it ends.
  private void work(Device device, Requests requests) {
    for (int round = 0; round < 4; round++) {
      device.takeAll();
      if (device.held.size() > 3) {
        device.complete(2);
        device.complete(0);
      }
      device.publish();
      requests.takeAnswers();
      requests.offerMany(3);
      device.takeAll();
      while (device.held.size() > 2 + round) {
        device.complete(device.held.size() - 1);
      }
      device.publish();
      requests.takeAnswers();
      requests.offerMany(2);
    }
  }

  private void finish(Device device, Requests requests) {
    for (int i = 0; i < 50; i++) {
      device.takeAll();
      while (!device.held.isEmpty()) {
        device.complete(i % 2 == 0 ? 0 : device.held.size() - 1);
      }
      device.publish();
      requests.takeAnswers();
      requests.offerMany(5);
    }
    device.takeAll();
    while (!device.held.isEmpty()) {
      device.complete(0);
    }
    device.publish();
    requests.takeAnswers();
  }

  /// Runs a device to its end after `lives` stores, one that goes on for `secondLives`, and one
  /// that finishes.
  ///
  /// @return whether the first device was killed at all
  private boolean survive(long features, int lives, int secondLives) throws ProtocolException {
    account.fill((byte) 0);
    driver.release();
    driver =
        DriverQueue.create(
            0, SIZE, features, (features & INDIRECT) != 0 ? 4 : 0, heap, new Ledger());
    Requests requests = new Requests();
    requests.offerMany(5);
    int base = VirtQueue.freshPosition(features);
    boolean killed = false;
    for (int life : new int[] {lives, secondLives, FOREVER}) {
      try {
        Device device = new Device(features, base, life);
        work(device, requests);
        if (life == FOREVER) {
          finish(device, requests);
        }
      } catch (Killed e) {
        killed |= life == lives;
      }
      requests.takeAnswers();
    }
    assertThat(requests.offered.cardinality()).as("requests without an answer").isZero();
    assertThat(requests.answered).isEqualTo(requests.next);
    for (int i = 0; i < SIZE; i++) {
      heap.release(requests.buffers[i], 4 * BUFFER);
    }
    return killed;
  }

  @ParameterizedTest
  @ValueSource(
      longs = {
        SPLIT,
        SPLIT | IN_ORDER,
        SPLIT | INDIRECT,
        PACKED,
        PACKED | IN_ORDER,
        PACKED | INDIRECT,
        PACKED | INDIRECT | IN_ORDER
      })
  void eachChainIsCompletedOnceWhereverTheDeviceIsKilled(long features) throws ProtocolException {
    int lives = 0;
    while (survive(features, lives, FOREVER)) {
      lives++;
    }
    assertThat(lives).isGreaterThan(20);
  }

  @ParameterizedTest
  @ValueSource(longs = {SPLIT, PACKED, PACKED | INDIRECT})
  void eachChainIsCompletedOnceWhenTheSuccessorIsKilledToo(long features) throws ProtocolException {
    Random random = new Random(5);
    for (int i = 0; i < 1000; i++) {
      boolean _ = survive(features, 40 + random.nextInt(250), random.nextInt(120));
    }
  }

  @Test
  void chainsOfASuccessorComeInTheOrderOfTheirTaking() throws ProtocolException {
    for (long features : new long[] {SPLIT, PACKED}) {
      account.fill((byte) 0);
      driver = DriverQueue.create(0, SIZE, features, 0, heap, new Ledger());
      Requests requests = new Requests();
      Device device = new Device(features, VirtQueue.freshPosition(features), FOREVER);
      for (int i = 0; i < 2 * SIZE + 5; i++) {
        requests.offerMany(1);
        device.takeAll();
        if (device.held.size() == 4) {
          device.complete(i % 3);
          device.publish();
          requests.takeAnswers();
        }
      }
      List<Integer> names = device.held.stream().map(Chain::head).toList();
      assertThat(names).hasSize(3).isNotEqualTo(names.stream().sorted().toList());
      Device next = new Device(features, 0, FOREVER);
      next.takeAll();
      assertThat(next.held).extracting(Chain::head).containsExactlyElementsOf(names);
    }
  }

  @Test
  void aDeviceThatForgetsWhatItHeldIsGivenItAgain() throws ProtocolException {
    for (long features : new long[] {SPLIT, PACKED, SPLIT | IN_ORDER, PACKED | IN_ORDER}) {
      account.fill((byte) 0);
      driver = DriverQueue.create(0, SIZE, features, 0, heap, new Ledger());
      Requests requests = new Requests();
      Device device = new Device(features, VirtQueue.freshPosition(features), FOREVER);
      for (int i = 0; i < 20; i++) {
        requests.offerMany(3);
        device.takeAll();
        device.complete(device.held.size() / 2);
        device.publish();
        device.held.clear();
        device.queue.repeatTaken();
        requests.takeAnswers();
        assertThat(device.queue.available()).isEqualTo(requests.offered.cardinality());
      }
      finish(device, requests);
      assertThat(requests.answered).isEqualTo(requests.next);
    }
  }

  // Layouts, as the protocol has them.

  @Test
  void theAccountOfASplitQueueIsLaidOutAsTheProtocolSays() throws ProtocolException {
    driver = DriverQueue.create(0, SIZE, SPLIT, 0, heap, new Ledger());
    Requests requests = new Requests();
    Device device = new Device(SPLIT, 0, FOREVER);
    requests.offerMany(3);
    device.takeAll();
    int first = device.held.get(0).head();
    int second = device.held.get(1).head();
    int third = device.held.get(2).head();
    assertThat(u64(0)).as("features").isZero();
    assertThat(u16(8)).as("version").isEqualTo(1);
    assertThat(u16(10)).as("desc_num").isEqualTo(ENTRIES);
    for (int head : new int[] {first, second, third}) {
      assertThat(u8(16 + 16 * head)).as("inflight").isEqualTo(1);
    }
    assertThat(u64(16 + 16 * second + 8)).isEqualTo(u64(16 + 16 * first + 8) + 1);
    assertThat(u64(16 + 16 * third + 8)).isEqualTo(u64(16 + 16 * first + 8) + 2);
    device.complete(2);
    device.complete(0);
    device.publish();
    assertThat(u16(12)).as("last_batch_head").isEqualTo(first);
    assertThat(u16(16 + 16 * first + 6)).as("next").isEqualTo(third);
    assertThat(u16(14)).as("used_idx").isEqualTo(2);
    assertThat(u8(16 + 16 * first)).isZero();
    assertThat(u8(16 + 16 * second)).isEqualTo(1);
    assertThat(u8(16 + 16 * third)).isZero();
  }

  @Test
  void theAccountOfAPackedQueueIsLaidOutAsTheProtocolSays() throws ProtocolException {
    driver = DriverQueue.create(0, SIZE, PACKED, 0, heap, new Ledger());
    Requests requests = new Requests();
    Device device = new Device(PACKED, 0x8000_8000, FOREVER);
    requests.offerMany(2);
    device.takeAll();
    // Chains of two and of three descriptors, in the first five entries.
    assertThat(u64(0)).as("features").isZero();
    assertThat(u16(8)).as("version").isEqualTo(1);
    assertThat(u16(10)).as("desc_num").isEqualTo(ENTRIES);
    assertThat(u16(12)).as("free_head").isEqualTo(5);
    assertThat(u16(14)).as("old_free_head").isEqualTo(5);
    assertThat(u16(16)).as("used_idx").isZero();
    assertThat(u8(20)).as("used_wrap_counter").isEqualTo(1);
    assertThat(u8(32)).as("inflight").isEqualTo(1);
    assertThat(u8(32 + 2 * 32)).as("inflight").isEqualTo(1);
    assertThat(u16(32 + 4)).as("last").isEqualTo(1);
    assertThat(u16(32 + 6)).as("num").isEqualTo(2);
    assertThat(u16(32 + 2 * 32 + 4)).as("last").isEqualTo(4);
    assertThat(u16(32 + 2 * 32 + 6)).as("num").isEqualTo(3);
    assertThat(u64(32 + 2 * 32 + 8)).as("counter").isEqualTo(u64(32 + 8) + 1);
    for (int i = 0; i < 5; i++) {
      long ring = driver.addresses().desc() - BASE + 16L * i;
      assertThat(u64(32 + 32 * i + 24)).as("addr").isEqualTo(memory.get(LittleEndian.LONG, ring));
      assertThat((int) (u64(32 + 32 * i + 16) >>> 32))
          .as("len")
          .isEqualTo(memory.get(LittleEndian.INT, ring + 8));
      assertThat((short) u16(32 + 32 * i + 16))
          .as("id")
          .isEqualTo(memory.get(LittleEndian.SHORT, ring + 12));
      assertThat((short) u16(32 + 32 * i + 18))
          .as("flags")
          .isEqualTo(memory.get(LittleEndian.SHORT, ring + 14));
    }
    device.complete(1);
    device.publish();
    assertThat(u16(12)).as("free_head").isEqualTo(2);
    assertThat(u16(14)).as("old_free_head").isEqualTo(2);
    assertThat(u16(32 + 4 * 32 + 2)).as("next").isEqualTo(5);
    assertThat(u16(16)).as("used_idx").isEqualTo(3);
    assertThat(u16(18)).as("old_used_idx").isEqualTo(3);
    assertThat(u8(32 + 2 * 32)).as("inflight").isZero();
  }

  private int u8(long at) {
    return account.get(JAVA_BYTE, at) & 0xff;
  }

  private int u16(long at) {
    return account.get(LittleEndian.SHORT, at) & 0xffff;
  }

  private long u64(long at) {
    return account.get(LittleEndian.LONG, at);
  }

  /// Whatever the front-end left in its memory: an exception of the protocol, a queue that breaks,
  /// or a queue that serves.
  @ParameterizedTest
  @ValueSource(longs = {SPLIT, PACKED})
  void anAccountOfNonsenseDoesNoHarm(long features) {
    Random random = new Random(11);
    for (int i = 0; i < 1000; i++) {
      driver.release();
      driver = DriverQueue.create(0, SIZE, features, 0, heap, new Ledger());
      Requests requests = new Requests();
      requests.offerMany(3);
      for (long at = 0; at < account.byteSize(); at++) {
        int kind = random.nextInt(3);
        int value = kind == 0 ? 0 : kind == 1 ? random.nextInt(ENTRIES) : random.nextInt(256);
        account.set(JAVA_BYTE, at, (byte) value);
      }
      account.set(LittleEndian.SHORT, 8, (short) 1);
      account.set(LittleEndian.SHORT, 10, (short) ENTRIES);
      try {
        Device device = new Device(features, VirtQueue.freshPosition(features), FOREVER);
        Chain chain = new Chain();
        for (int n = 0; n < 100 && device.queue.peek(chain); n++) {
          device.queue.complete(chain, 0);
        }
        device.publish();
      } catch (ProtocolException e) {
        assertThat(e).hasMessageContaining("in flight");
      }
      for (long buffer : requests.buffers) {
        heap.release(buffer, 4 * BUFFER);
      }
    }
  }

  @Test
  void aContradictionIsTheFrontEndsFault() {
    account.set(LittleEndian.SHORT, 8, (short) 1);
    account.set(LittleEndian.SHORT, 10, (short) ENTRIES);
    account.set(LittleEndian.SHORT, 18, (short) 5000);
    driver = DriverQueue.create(0, SIZE, PACKED, 0, heap, new Ledger());
    assertThatThrownBy(() -> new Device(PACKED, 0x8000_8000, FOREVER))
        .isInstanceOf(ProtocolException.class);
  }
}
