package org.vbus.tests.contract;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.RepetitionInfo;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.device.HasConfig;
import org.vbus.core.device.VirtioDevice;
import org.vbus.core.feature.Feature;
import org.vbus.core.memory.LittleEndian;
import org.vbus.core.ring.PackedQueue;
import org.vbus.core.ring.RingFault;
import org.vbus.core.ring.SplitLayout;
import org.vbus.core.ring.VirtQueue;
import org.vbus.fixture.stack.DeviceRig;
import org.vbus.fixture.stack.RingFormat;
import org.vbus.proxy.driver.DriverQueue;

/// What every device model promises to its queues and its guest, whatever it does with requests: a
/// subclass names the device and the queues on which each request is answered without anything else
/// happening in the world.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
public abstract class DeviceContract {
  /// Longest poll; far more than any honest one takes.
  private static final long POLL_LIMIT = TimeUnit.SECONDS.toNanos(5);

  private static final int AREA = 1 << 20;

  private DeviceModel model;
  private DeviceRig rig;
  private long area;

  /// A fresh device.
  protected abstract DeviceModel device();

  /// Queues whose chains are completed by polling, with nothing from outside; others (receive
  /// buffers) may keep theirs.
  protected abstract int[] answeringQueues();

  @BeforeEach
  void setUp() {
    model = device();
    rig = new DeviceRig(model);
    area = rig.heap().allocate(AREA, 64);
  }

  @AfterEach
  void tearDown() {
    rig.close();
  }

  private int queueCount() {
    return model.spec().queues().size();
  }

  private int[] allQueues() {
    return IntStream.range(0, queueCount()).toArray();
  }

  private void start(long features) {
    rig.start(features, allQueues());
  }

  /// One after the other without any ring feature and in each format with all of them.
  private static long features(int round) {
    RingFormat[] formats = RingFormat.values();
    int format = round % (formats.length + 1);
    return format == formats.length ? version1() : formats[format].features();
  }

  private static long version1() {
    return Feature.VERSION_1.mask();
  }

  private int poll(int queue, int budget) {
    long before = System.nanoTime();
    int done = rig.poll(queue, budget);
    assertThat(System.nanoTime() - before).as("time of one poll").isLessThan(POLL_LIMIT);
    assertThat(done).isBetween(0, budget);
    return done;
  }

  /// Polls all queues until none finds work.
  private void settle() {
    for (int i = 0; i < 10_000; i++) {
      int work = 0;
      for (int queue : allQueues()) {
        work += poll(queue, 64);
      }
      if (work == 0) {
        return;
      }
    }
    throw new AssertionError("the device finds no end of work");
  }

  /// A chain of a random shape anywhere in the area; buffers may overlap.
  private int randomChain(Random random, int queue, int token) {
    DriverQueue driver = rig.driver(queue);
    int readable = random.nextInt(5);
    int writable = random.nextInt(5) + (readable == 0 ? 1 : 0);
    int written = 0;
    driver.begin();
    for (int i = 0; i < readable; i++) {
      driver.out(at(random), length(random));
    }
    for (int i = 0; i < writable; i++) {
      int len = length(random);
      written += len;
      driver.in(at(random), len);
    }
    driver.commit(token);
    boolean _ = driver.publish();
    return written;
  }

  private long at(Random random) {
    return rig.heap().gpa(area + random.nextInt(AREA / 2));
  }

  private static int length(Random random) {
    return switch (random.nextInt(4)) {
      case 0 -> 1;
      case 1 -> 1 + random.nextInt(16);
      case 2 -> 1 + random.nextInt(2000);
      default -> 1 + random.nextInt(AREA / 8);
    };
  }

  private void scramble(Random random) {
    for (long off = area; off < area + AREA; off += 8) {
      rig.memory().set(ValueLayout.JAVA_LONG, off, random.nextLong());
    }
  }

  @Test
  void saysWhatItIsTheSameEachTime() {
    assertThat(model.spec()).isEqualTo(model.spec());
    assertThat(model.spec()).isEqualTo(device().spec());
    assertThat(allQueues()).contains(answeringQueues());
    if (model instanceof HasConfig has) {
      assertThat(has.config()).isSameAs(has.config());
      assertThat(has.config().size()).isLessThanOrEqualTo(0xf00);
    }
  }

  @RepeatedTest(20)
  void everyChainComesBackOnceWhateverItsShape(RepetitionInfo repetition) {
    Random random = new Random(repetition.getCurrentRepetition());
    start(features(repetition.getCurrentRepetition()));
    for (int queue : answeringQueues()) {
      DriverQueue driver = rig.driver(queue);
      int[] writable = new int[driver.size()];
      boolean[] out = new boolean[driver.size()];
      int offered = 0;
      int returned = 0;
      scramble(random);
      for (int step = 0; step < 300; step++) {
        int token = offered % driver.size();
        if (!out[token] && driver.free() >= 10 && random.nextInt(3) != 0) {
          writable[token] = randomChain(random, queue, token);
          out[token] = true;
          offered++;
        } else {
          poll(queue, 1 + random.nextInt(64));
        }
        for (int back; (back = driver.nextUsed()) >= 0; returned++) {
          assertThat(out[back]).as("chain %s came back once", back).isTrue();
          assertThat(driver.usedLength()).as("bytes written").isBetween(0, writable[back]);
          out[back] = false;
        }
      }
      settle();
      while (driver.nextUsed() >= 0) {
        returned++;
      }
      assertThat(rig.device(queue).fault()).isNull();
      assertThat(returned).isEqualTo(offered);
    }
  }

  @Test
  void aBudgetIsHonoured() {
    start(version1());
    Random random = new Random(3);
    for (int queue : answeringQueues()) {
      DriverQueue driver = rig.driver(queue);
      int offered = 0;
      while (driver.free() >= 10) {
        randomChain(random, queue, offered++);
      }
      for (int budget : new int[] {1, 3, 2}) {
        poll(queue, budget);
        int returned = 0;
        while (driver.nextUsed() >= 0) {
          returned++;
          offered--;
        }
        assertThat(returned).isLessThanOrEqualTo(budget);
      }
      assertThat(poll(queue, 0)).isZero();
      settle();
      while (driver.nextUsed() >= 0) {
        offered--;
      }
      assertThat(offered).isZero();
    }
  }

  @Test
  void anEmptyQueueIsNoWork() {
    start(version1());
    for (int queue : allQueues()) {
      assertThat(poll(queue, 64)).isZero();
      assertThat(rig.device(queue).fault()).isNull();
    }
  }

  @RepeatedTest(40)
  void noRingNonsenseReachesTheLoopAsAnException(RepetitionInfo repetition) {
    Random random = new Random(1000 + repetition.getCurrentRepetition());
    start(features(repetition.getCurrentRepetition()));
    scramble(random);
    for (int queue : allQueues()) {
      garbage(random, queue);
    }
    for (int i = 0; i < 8; i++) {
      for (int queue : allQueues()) {
        poll(queue, 64);
        // And what was seen changes under the device's eyes.
        garbage(random, queue);
      }
    }
    for (int queue : allQueues()) {
      assertThat(rig.device(queue).fault()).isNotEqualTo(RingFault.DEVICE_ERROR);
    }
  }

  /// Descriptors that are nearly right, and an avail ring full of them.
  private void garbage(Random random, int queue) {
    var at = rig.driver(queue).addresses();
    if (rig.device(queue) instanceof PackedQueue) {
      packedGarbage(random, at);
    } else {
      splitGarbage(random, at);
    }
  }

  private void packedGarbage(Random random, VirtQueue.Addresses at) {
    for (int i = 0; i < at.size(); i++) {
      long addr = random.nextInt(20) == 0 ? random.nextLong() : at(random);
      int len = random.nextInt(20) == 0 ? random.nextInt() : length(random);
      int flags = random.nextInt(10) == 0 ? random.nextInt(8) : random.nextInt(4);
      int wrap = random.nextInt(20) == 0 ? random.nextInt(0x10000) : random.nextInt(8) / 7;
      rig.memory().set(LittleEndian.LONG_ANY, at.desc() - DeviceRig.BASE + 16L * i, addr);
      rig.memory()
          .set(
              LittleEndian.LONG_ANY,
              at.desc() - DeviceRig.BASE + 16L * i + 8,
              (len & 0xffffffffL)
                  | (long) random.nextInt(at.size()) << 32
                  | (long) (flags | (wrap == 0 ? 0x80 : wrap == 1 ? 0x8000 : wrap)) << 48);
    }
    rig.memory().set(LittleEndian.INT_ANY, at.avail() - DeviceRig.BASE, random.nextInt());
  }

  private void splitGarbage(Random random, VirtQueue.Addresses at) {
    MemorySegment memory = rig.memory();
    long desc = at.desc() - DeviceRig.BASE;
    long avail = at.avail() - DeviceRig.BASE;
    for (int i = 0; i < at.size(); i++) {
      long addr = random.nextInt(20) == 0 ? random.nextLong() : at(random);
      int len = random.nextInt(20) == 0 ? random.nextInt() : length(random);
      int flags = random.nextInt(10) == 0 ? random.nextInt(8) : random.nextInt(4);
      int next = random.nextInt(at.size());
      memory.set(LittleEndian.LONG_ANY, desc + 16L * i, addr);
      memory.set(
          LittleEndian.LONG_ANY,
          desc + 16L * i + 8,
          (len & 0xffffffffL) | (long) flags << 32 | (long) next << 48);
      memory.set(
          LittleEndian.SHORT,
          avail + SplitLayout.availElement(i),
          (short) random.nextInt(at.size()));
    }
    int idx = memory.get(LittleEndian.SHORT, avail + SplitLayout.IDX) & 0xffff;
    memory.set(
        LittleEndian.SHORT, avail + SplitLayout.IDX, (short) (idx + random.nextInt(at.size() / 4)));
  }

  @Test
  void afterStopNothingIsTouched() {
    start(version1());
    Random random = new Random(9);
    for (int queue : answeringQueues()) {
      randomChain(random, queue, 0);
    }
    settle();
    for (int queue : answeringQueues()) {
      randomChain(random, queue, 1);
    }
    model.stop();
    byte[] before = rig.memory().toArray(ValueLayout.JAVA_BYTE);
    // A poll that was on its way when the device stopped finds nothing; so does what a device keeps
    // running of its own.
    for (int queue : allQueues()) {
      assertThat(poll(queue, 64)).isZero();
    }
    assertThat(Arrays.mismatch(before, rig.memory().toArray(ValueLayout.JAVA_BYTE))).isEqualTo(-1);
  }

  @Test
  void startsAgainAfterEachStop() {
    for (int round = 0; round < 10; round++) {
      start(features(round));
      for (int queue : answeringQueues()) {
        for (int i = 0; i < 10; i++) {
          randomChain(new Random(i), queue, i);
        }
      }
      if (round != 3) {
        settle();
        for (int queue : answeringQueues()) {
          List<Integer> back = new ArrayList<>();
          for (int token; (token = rig.driver(queue).nextUsed()) >= 0; ) {
            back.add(token);
          }
          assertThat(back).containsExactlyInAnyOrder(0, 1, 2, 3, 4, 5, 6, 7, 8, 9);
        }
      }
      rig.stop();
    }
  }

  @Test
  void worksWithEverySingleFeatureAndWithoutAny() {
    long offered = model.spec().features();
    assertThat(offered & VirtioDevice.RING_FEATURES).isZero();
    List<Long> sets = new ArrayList<>(List.of(0L, offered));
    for (int bit = 0; bit < 64; bit++) {
      if ((offered & 1L << bit) != 0) {
        sets.add(1L << bit);
        sets.add(offered & ~(1L << bit));
      }
    }
    for (long features : sets) {
      start(features | version1());
      for (int queue : answeringQueues()) {
        randomChain(new Random(features), queue, 5);
        settle();
        assertThat(rig.driver(queue).nextUsed()).as("features 0x%x", features).isEqualTo(5);
      }
      rig.stop();
    }
  }

  @Test
  void queuesTheDriverDidNotEnableAreDoneWithout() {
    rig.start(version1());
    for (int queue : allQueues()) {
      assertThat(poll(queue, 64)).isZero();
    }
    rig.stop();
    for (int only : answeringQueues()) {
      rig.start(version1(), only);
      randomChain(new Random(1), only, 2);
      poll(only, 64);
      assertThat(rig.driver(only).nextUsed()).isEqualTo(2);
      rig.stop();
    }
  }
}
