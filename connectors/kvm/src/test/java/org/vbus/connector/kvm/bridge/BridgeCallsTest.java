package org.vbus.connector.kvm.bridge;

import static org.assertj.core.api.Assertions.assertThat;
import static org.vbus.connector.kvm.bridge.North.BASE;
import static org.vbus.connector.kvm.bridge.North.block;

import java.lang.foreign.ValueLayout;
import java.nio.ByteBuffer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.vbus.shm.EventConsumer;

/// Registers and bridge calls (vbus ABI, section 2).
class BridgeCallsTest {
  private static final int EINVAL = -22;

  private final North north = new North();

  @AfterEach
  void close() {
    north.close();
  }

  @Test
  void aReadOf32BitsAnywhereMakesTheCallThatFourWordsDescribe() {
    north.put(0, block(16).putInt(0, 0xbf53eef5).putInt(4, 1));
    for (int offset : new int[] {0, 4, 12, 60}) {
      north.bridge.writeCalls(0, 4, 0);
      north.bridge.writeCalls(4, 4, 16);
      north.bridge.writeCalls(8, 4, north.gpa(0));
      north.bridge.writeCalls(12, 4, 0);
      north.bridge.writeCalls(16, 4, -1);
      north.bridge.writeCalls(60, 4, -1);
      assertThat(north.bridge.readCalls(offset, 4)).as("offset %d", offset).isEqualTo(1);
    }
  }

  @ParameterizedTest(name = "{0} bytes")
  @ValueSource(ints = {0, 1, 2, 3, 8, -1})
  void readsAndWritesOfOtherSizesAreNoCalls(int size) {
    north.bridge.writeCalls(0, 4, 0);
    north.bridge.writeCalls(4, 4, 16);
    north.bridge.writeCalls(8, 4, north.gpa(0));
    north.bridge.writeCalls(12, 4, 0);
    north.put(0, block(16).putInt(0, 0xbf53eef5).putInt(4, 1));
    north.bridge.writeCalls(0, size, -1);
    north.bridge.writeCalls(4, size, -1);
    assertThat(north.bridge.readCalls(0, size)).isZero();
    assertThat(north.bridge.readCalls(0, 4)).as("the call is still described").isEqualTo(1);
  }

  @ParameterizedTest(name = "words at {0}")
  @CsvSource({
    "''",
    "0",
    "0 4 8",
    "0 8 4 12",
    "12 8 4 0",
    "4 8 12 0",
    "0 4 4 8 12",
    "0 4 8 12 12",
    "0 4 8 12 0",
    "0 4 9 12",
    "0 4 8 -4 12"
  })
  void wordsThatAreNotWrittenInOrderDescribeNoCall(String offsets) {
    north.put(0, block(16).putInt(0, 0xbf53eef5).putInt(4, 1));
    for (String offset : offsets.split(" ", 0)) {
      if (!offset.isEmpty()) {
        long value =
            switch (offset) {
              case "4" -> 16;
              case "8" -> north.gpa(0);
              default -> 0;
            };
        north.bridge.writeCalls(Integer.parseInt(offset), 4, value);
      }
    }
    if (offsets.equals("0 4 8 -4 12")) {
      assertThat((int) north.bridge.readCalls(0, 4)).as("outside, so ignored").isEqualTo(1);
    } else {
      assertThat((int) north.bridge.readCalls(0, 4)).isEqualTo(EINVAL);
      assertThat(north.negotiate()).as("the next call").isEqualTo(1);
    }
  }

  @Test
  void aReadUsesTheDescriptorUp() {
    assertThat(north.negotiate()).isEqualTo(1);
    assertThat(north.bridge.readCalls(0, 4)).isEqualTo(0xffffffeaL);
  }

  @Test
  void negotiateAnswersWithTheVersionAndNoCapabilities() {
    assertThat(north.negotiate()).isEqualTo(1);
    assertThat(north.get(0, 16).getInt(4)).isEqualTo(1);
    assertThat(north.get(0, 16).getLong(8)).isZero();
  }

  @Test
  void nothingButNegotiateWorksBeforeNegotiate() {
    for (int vector = 1; vector <= 5; vector++) {
      assertThat(north.bridgeCall(vector, block(16))).as("call %d", vector).isEqualTo(EINVAL);
    }
    assertThat(north.register(8)).isEqualTo(EINVAL);
  }

  @Test
  void aNegotiateThatIsRefusedLeavesTheSessionAsItIs() {
    north.bus.plug("eth0", new EchoModel());
    north.ready(8);
    assertThat(north.drain()).containsExactly("added 0 echo");
    assertThat(north.open(0)).isZero();
    assertThat(north.bridgeCall(0, block(16).putInt(0, 0xbf53eef5).putInt(4, 2))).isEqualTo(EINVAL);
    assertThat(north.close(0)).isZero();
  }

  @Test
  void negotiateStartsAnewAndSaysNothingOfTheOldSession() {
    north.bus.plug("eth0", new EchoModel());
    north.ready(8);
    assertThat(north.drain()).containsExactly("added 0 echo");
    new NorthDevice(north, 0).start();
    north.fast();
    assertThat(north.negotiate()).isEqualTo(1);
    assertThat(north.drain()).as("the old queue").isEmpty();
    assertThat(north.slot("eth0").device().running()).isFalse();
    north.put(1024, block(24).putInt(16, 77));
    north.bridge.signal(4, 4, 3);
    assertThat(north.get(1024, 24).getInt(16)).as("fast call of the old session").isEqualTo(77);
    assertThat(north.register(8)).isZero();
    assertThat(north.drain()).containsExactly("added 0 echo");
    north.fast();
    assertThat(north.open(0)).isZero();
  }

  @ParameterizedTest(name = "{0} descriptors")
  @ValueSource(ints = {1, 2, 3, 7, 1024, 2047, 2048})
  void anEventQueueMayHaveAnyNumberOfDescriptorsUpToTheLimit(int count) {
    north.bus.plug("eth0", new EchoModel());
    north.bus.plug("eth1", new EchoModel());
    north.ready(count);
    assertThat(north.interrupts).hasValue(1);
    assertThat(north.drain()).containsExactly("added 0 echo", "added 1 echo");
  }

  @Test
  void ringAndEventsMayLieInDifferentRegionsOfMemory() {
    north.bus.plug("eth0", new EchoModel());
    assertThat(north.negotiate()).isEqualTo(1);
    assertThat(north.registerAt(North.BORDER - 64, 8)).as("half of the ring").isEqualTo(-14);
    assertThat(north.registerAt(North.BORDER - 312 - 144, 8)).as("half the events").isEqualTo(-14);
    assertThat(north.registerAt(North.BORDER - 312, 8)).isZero();
    assertThat(north.drain()).containsExactly("added 0 echo");
  }

  @Test
  void aSecondEventQueueNeedsANewSession() {
    north.ready(8);
    assertThat(north.register(8)).isEqualTo(-17);
  }

  /// `what` is written as 32 bits at `at` of a ring of 8 descriptors before it is registered.
  @ParameterizedTest(name = "{0}")
  @CsvSource({
    "ring magic, 0, 0x47fa2fe5",
    "ring version, 4, 3",
    "signal magic, 8, 0x58fa39de",
    "signal version, 12, 0",
    "tail of inuse, 40, 8",
    "tail of inuse, 40, -1",
    "count, 48, 9",
    "count, 48, 0x7fffffff",
    "event of descriptor 0, 64, 0",
    "event of descriptor 7, 288, 0x10",
    "length of an event, 72, 143",
    "descriptor without event, 80, 0x100"
  })
  void anEventQueueWithOtherContentsIsRefused(String what, int at, String value) {
    assertThat(north.negotiate()).isEqualTo(1);
    long ring = north.heap.allocate(EventConsumer.footprint(8), 64);
    EventConsumer.format(north.memory, ring, 8, BASE + ring);
    long data = BASE + ring + 56 + 32 * 8;
    int old = north.memory.get(ValueLayout.JAVA_INT, ring + at);
    north.memory.set(ValueLayout.JAVA_INT, ring + at, Long.decode(value).intValue());
    assertThat(north.register(8, BASE + ring, data)).as(what).isEqualTo(EINVAL);
    north.memory.set(ValueLayout.JAVA_INT, ring + at, old);
    assertThat(north.register(8, BASE + ring, data)).as("as it should be").isZero();
  }

  @Test
  void fastCallsDoWhatSlowCallsDo() {
    north.bus.plug("eth0", new EchoModel());
    north.ready(8).fast();
    assertThat(north.open(0)).isZero();
    assertThat(north.open(0)).isEqualTo(-17);
    assertThat(north.open(9)).isEqualTo(-2);
    ByteBuffer id = block(16);
    assertThat(north.function(0, 0, id)).isZero();
    assertThat(id.getInt(0)).isEqualTo(EchoModel.ID);
    assertThat(north.close(0)).isZero();
  }

  @ParameterizedTest(name = "{0} bytes")
  @ValueSource(ints = {4, 16})
  void aFastCallThatWasDroppedIsNotRun(int size) {
    north.ready(8).fast();
    assertThat(north.bridgeCall(4, block(size).putInt(0, 3))).isZero();
    assertThat(north.open(0)).as("result as the guest left it").isEqualTo(0x5a5a5a5a);
    assertThat(north.bridgeCall(4, block(size).putInt(0, 3))).isEqualTo(-2);
    north.fast();
  }

  @Test
  void aClosedBridgeDoesNothing() {
    north.bus.plug("eth0", new EchoModel());
    north.ready(8).fast();
    new NorthDevice(north, 0).start();
    byte[] before = north.memory.toArray(ValueLayout.JAVA_BYTE);
    north.bridge.close();
    assertThat(north.slot("eth0").device().running()).isFalse();
    assertThat(north.call(0, 16, north.gpa(0))).isEqualTo(-19);
    north.bridge.signal(0, 4, 0);
    north.bridge.signal(4, 4, 3);
    north.bridge.signal(8, 4, 0);
    north.bus.plug("eth1", new EchoModel());
    assertThat(north.memory.toArray(ValueLayout.JAVA_BYTE)).isEqualTo(before);
  }
}
