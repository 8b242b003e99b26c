package org.vbus.bench.micro;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.State;
import org.vbus.shm.Delivery;
import org.vbus.shm.EventGeometry;
import org.vbus.shm.EventHandler;
import org.vbus.shm.Locality;
import org.vbus.shm.NorthEvents;
import org.vbus.shm.ShmSignal;
import org.vbus.shm.SouthEvents;

/// South tells north that memory changed, in each state that the signal can be in. An operation is
/// one such telling; crossing the boundary for it is not part of it.
@State(Scope.Thread)
public class SignalBenchmark extends LayerBenchmark {
  private static final int SOURCES = 64;

  private final Ends masked = new Ends();
  private final Ends pending = new Ends();
  private final Ends idle = new Ends();
  private final Sources sources = new Sources();

  /// Masks one signal, leaves one pending and one enabled.
  public SignalBenchmark() {
    masked.north.disable();
    boolean _ = pending.north.enable();
    expect(1, pending.south.inject() ? 1 : 0);
    boolean _ = idle.north.enable();
  }

  /// Both views of a signal.
  private static final class Ends {
    final ShmSignal north;
    final ShmSignal south;

    Ends() {
      MemorySegment memory = Arena.ofAuto().allocate(64, 64);
      ShmSignal.format(memory, 0);
      north = new ShmSignal(memory, 0, Locality.NORTH);
      south = new ShmSignal(memory, 0, Locality.SOUTH);
    }
  }

  /// Signals that share an event ring, and north's count of them.
  private static final class Sources implements EventHandler {
    final NorthEvents north;
    final SouthEvents south;
    int signals;

    Sources() {
      EventGeometry geometry = new EventGeometry(1, SOURCES, SOURCES);
      MemorySegment memory = Arena.ofAuto().allocate(geometry.footprint(), 64);
      north = NorthEvents.format(memory, 0, geometry, 0, this, level -> {});
      for (int i = 0; i < SOURCES; i++) {
        boolean _ = north.signals().signal(i).enable();
      }
      south = SouthEvents.open(memory, 0, geometry);
    }

    @Override
    public void signal(long handle) {
      signals++;
    }

    @Override
    public void deviceAdded(long id, String type) {}

    @Override
    public void deviceDropped(long handle) {}

    @Override
    public void signalClosed(long handle) {}
  }

  /// North does not want to know.
  @Benchmark
  public void injectMasked() {
    expect(0, masked.south.inject() ? 1 : 0);
  }

  /// North was told already.
  @Benchmark
  public void injectPending() {
    expect(0, pending.south.inject() ? 1 : 0);
  }

  /// North has to be told, and takes note.
  @Benchmark
  public void injectAndTake() {
    expect(1, idle.south.inject() ? 1 : 0);
    idle.north.take();
    idle.north.finish();
  }

  /// 64 sources through an event ring, to a north that is looking.
  @Benchmark
  @OperationsPerInvocation(SOURCES)
  public void raiseAndPoll() {
    sources.signals = 0;
    int queued = 0;
    for (int i = 0; i < SOURCES; i++) {
      queued += sources.south.raise(0, i) == Delivery.QUIET ? 1 : 0;
    }
    expect(SOURCES, queued);
    expect(SOURCES, sources.north.poll(SOURCES));
    expect(SOURCES, sources.signals);
  }
}
