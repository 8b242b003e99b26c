package org.vbus.bench.micro;

import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.vbus.core.feature.Feature;
import org.vbus.core.ledger.Event;
import org.vbus.core.ledger.Ledger;
import org.vbus.core.ring.Burst;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;
import org.vbus.proxy.driver.DriverQueue;

/// A ring of 256 entries and chains of one buffer; an operation is a chain.
///
/// `deviceHalf` is peek and complete of each chain and publication of each burst, over a driver
/// that does next to nothing; `bothHalves` adds the driver half of `proxy`: build, commit, publish,
/// reclaim.
@State(Scope.Thread)
public class RingBenchmark extends LayerBenchmark {
  private static final int SIZE = 256;
  private static final int BYTES = 64;

  @Param Format format;

  @Param({"false", "true"})
  boolean inOrder;

  @Param({"1", "32", "256"})
  int burst;

  private final Burst staged = new Burst();
  private final Chain chain = new Chain();
  private final Ledger ledger = new Ledger();
  private RawDriver raw;
  private VirtQueue rawDevice;
  private DriverQueue driver;
  private VirtQueue device;
  private long buffers;

  /// Two queues, one for each benchmark.
  @Setup
  public void open() {
    long features = format.features() | (inOrder ? Feature.IN_ORDER.mask() : 0);
    GuestRam ram = new GuestRam();
    raw = RawDriver.create(format, SIZE, BYTES, ram.heap);
    rawDevice = ram.open(raw.addresses(), features, ledger);
    rawDevice.bind(staged);
    driver = DriverQueue.create(0, SIZE, features, 0, ram.heap, new Ledger());
    device = ram.open(driver.addresses(), features, ledger);
    device.bind(staged);
    device.suppressKicks();
    driver.disableSignals();
    buffers = ram.heap.gpa(ram.heap.allocate(SIZE * BYTES, 64));
  }

  /// The device's side.
  @Benchmark
  @OperationsPerInvocation(SIZE)
  public void deviceHalf() {
    long before = ledger.get(Event.IOS);
    int bytes = 0;
    for (int done = 0; done < SIZE; done += burst) {
      raw.offer(burst);
      bytes += serve(rawDevice);
    }
    expect(SIZE * BYTES, bytes);
    expect(SIZE, ledger.get(Event.IOS) - before);
  }

  /// Both sides, in turn.
  @Benchmark
  @OperationsPerInvocation(SIZE)
  public void bothHalves() {
    int bytes = 0;
    int returned = 0;
    for (int done = 0; done < SIZE; done += burst) {
      for (int token = 0; token < burst; token++) {
        driver.begin();
        driver.out(buffers + (long) token * BYTES, BYTES);
        driver.commit(token);
      }
      boolean _ = driver.publish();
      bytes += serve(device);
      while (driver.nextUsed() >= 0) {
        returned++;
      }
      driver.disableSignals();
    }
    expect(SIZE * BYTES, bytes);
    expect(SIZE, returned);
  }

  /// One burst; the bytes in it.
  private int serve(VirtQueue queue) {
    int bytes = 0;
    while (queue.peek(chain)) {
      bytes += chain.readable();
      queue.complete(chain, 0);
    }
    staged.publish();
    return bytes;
  }
}
