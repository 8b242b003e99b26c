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
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.SwitchPort;

/// A switch with eight ports that only count. An operation is a frame of 64 bytes, from the reading
/// of its addresses to the counters of the port that takes it.
public class L2SwitchBenchmark extends LayerBenchmark {
  private static final int FRAMES = 256;
  private static final int LENGTH = 64;
  private static final int PORTS = 8;
  private static final long NOW = 1_000_000_000L;
  private static final long SENDER = 0x02_00_00_00_00_01L;
  private static final long BROADCAST = 0xFFFF_FFFF_FFFFL;
  private static final ValueLayout.OfLong BE =
      ValueLayout.JAVA_LONG_UNALIGNED.withOrder(ByteOrder.BIG_ENDIAN);

  /// The switch.
  @State(Scope.Thread)
  public static class Ports {
    private final L2Switch l2 = new L2Switch("lan");
    final SwitchPort[] ports = new SwitchPort[PORTS];
    private final MemorySegment memory = Arena.ofAuto().allocate((FRAMES + 1) * LENGTH, 64);
    private final Frame frame = new Frame();
    long delivered;

    /// Attaches the ports.
    public Ports() {
      for (int i = 0; i < PORTS; i++) {
        ports[i] = l2.attach("port" + i, this::count);
      }
    }

    private Delivery count(Frame taken) {
      delivered += taken.length();
      return Delivery.DELIVERED;
    }

    final void write(int i, long destination, long source) {
      memory.set(BE, (long) i * LENGTH, destination << 16 | source >>> 32);
      memory.set(BE, (long) i * LENGTH + 6, source << 16);
    }

    final void forward(int i, SwitchPort ingress) {
      frame.reset();
      boolean _ = frame.add(memory, (long) i * LENGTH, LENGTH);
      l2.forward(ingress, frame, NOW);
    }
  }

  /// Stations behind all ports but the first.
  @State(Scope.Thread)
  public static class Stations extends Ports {
    @Param({"1", "256"})
    int stations;

    /// Lets the switch hear each of them, then writes frames to them.
    @Setup
    public void announce() {
      for (int i = 0; i < stations; i++) {
        write(0, SENDER, station(i));
        forward(0, ports[1 + i % (PORTS - 1)]);
      }
      for (int i = 0; i < FRAMES; i++) {
        write(i, station(i % stations), SENDER);
      }
    }

    private static long station(int i) {
      return SENDER + 1 + i;
    }
  }

  /// To one port each.
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public void forward(Stations to) {
    to.delivered = 0;
    for (int i = 0; i < FRAMES; i++) {
      to.forward(i, to.ports[0]);
    }
    expect(FRAMES * LENGTH, to.delivered);
  }

  /// To all the other ports.
  @Benchmark
  @OperationsPerInvocation(FRAMES)
  public void broadcast(Ports to) {
    to.delivered = 0;
    to.write(0, BROADCAST, SENDER);
    for (int i = 0; i < FRAMES; i++) {
      to.forward(0, to.ports[0]);
    }
    expect((long) FRAMES * LENGTH * (PORTS - 1), to.delivered);
  }
}
