package org.vbus.bench.micro;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.ByteOrder;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;
import org.vbus.core.feature.Feature;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.proxy.driver.NetDriver;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.L2Switch;

/// A frame from guest to guest with everything on one thread: driver, ring, device, switch, device,
/// ring, driver, in bursts of 32. An operation is a frame; its cost is the sum of what two guests
/// and the host spend on it, without any crossing.
@State(Scope.Thread)
public class GuestToGuestBenchmark extends LayerBenchmark {
  private static final int BURST = 32;
  private static final int HEADER = 14;
  private static final long MAC_A = 0x5254_0000_000aL;
  private static final long MAC_B = 0x5254_0000_000bL;
  private static final ValueLayout.OfLong NUMBER =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /// More passes than a burst can take.
  private static final int PATIENCE = 1000;

  @Param Format format;

  @Param({"64", "1518"})
  int length;

  private final MemorySegment frame = Arena.ofAuto().allocate(2048, 64);
  private PollLoop loop;
  private CardGuest a;
  private CardGuest b;
  private long sent;
  private long received;

  /// Starts both guests and lets the switch know where the second is.
  @Setup
  public void boot() {
    VenetSwitch lan = new VenetSwitch(new L2Switch("lan"));
    long features = NetDriver.UNDERSTOOD & ~Feature.RING_PACKED.mask() | format.features();
    int mtu = Math.max(length - HEADER, 1500);
    loop = new PollLoop("stepped", new ParkWaiter(), Idle.BLOCK);
    a = new CardGuest("a", lan, MAC_A, mtu, loop, features);
    b = new CardGuest("b", lan, MAC_B, mtu, loop, features);
    expect(format == Format.PACKED ? 1 : 0, a.card.features() >>> Feature.RING_PACKED.bit() & 1);
    header(MAC_A, MAC_B);
    expect(1, b.card.send(frame, 0, 64) ? 1 : 0);
    b.card.flush();
    while (a.card.received() == 0) {
      step();
    }
    header(MAC_B, MAC_A);
    b.card.onFrame(this::take);
  }

  private void header(long to, long from) {
    frame.set(NUMBER, 0, to << 16 | from >>> 32);
    frame.set(NUMBER, 6, from << 16 | 0x88b5);
  }

  private void take(MemorySegment memory, long off, int len) {
    expect(length, len);
    expect(received, memory.get(NUMBER, off + HEADER));
    received++;
  }

  private void step() {
    loop.doWork();
    a.guest.poll();
    b.guest.poll();
  }

  /// A burst.
  @Benchmark
  @OperationsPerInvocation(BURST)
  public void frames() {
    for (int i = 0; i < BURST; i++) {
      frame.set(NUMBER, HEADER, sent);
      sent += a.card.send(frame, 0, length) ? 1 : 0;
    }
    a.card.flush();
    for (int pass = 0; received < sent && pass < PATIENCE; pass++) {
      step();
    }
    expect(sent, received);
    expect(0, sent % BURST);
  }

  /// Stops both.
  @TearDown
  public void shutDown() {
    a.close();
    b.close();
    loop.close();
  }
}
