package org.vbus.bench.micro;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.vbus.core.memory.GuestMemory;
import org.vbus.core.memory.MappedMemory;
import org.vbus.core.memory.MemoryRegion;

/// The region of a buffer of 64 bytes, in memory of 1 to 509 regions (as many as a vhost-user
/// front-end may add). An operation is an address. `VirtQueue` asks only when a buffer is in
/// another region than the one before.
@State(Scope.Thread)
public class TranslateBenchmark extends LayerBenchmark {
  private static final int ADDRESSES = 1024;
  private static final int REGION = 4096;
  private static final long STRIDE = 1 << 20;
  private static final int LEN = 64;

  @Param({"1", "8", "64", "509"})
  int regions;

  private final long[] near = new long[ADDRESSES];
  private final long[] far = new long[ADDRESSES];
  private GuestMemory memory;
  private long nearBases;
  private long farBases;

  /// Makes the regions and the addresses.
  @Setup
  public void map() {
    MemorySegment all = Arena.ofAuto().allocate((long) regions * REGION, REGION);
    List<MemoryRegion> mapped = new ArrayList<>();
    for (int i = 0; i < regions; i++) {
      mapped.add(new MemoryRegion((i + 1) * STRIDE, all.asSlice((long) i * REGION, REGION)));
    }
    memory = new MappedMemory(mapped);
    SplittableRandom random = new SplittableRandom(1);
    nearBases = 0;
    farBases = 0;
    for (int i = 0; i < ADDRESSES; i++) {
      // The first region is one of those that the search finds last.
      long base = (random.nextInt(regions) + 1) * STRIDE;
      near[i] = STRIDE + random.nextInt(REGION - LEN);
      far[i] = base + random.nextInt(REGION - LEN);
      nearBases += STRIDE;
      farBases += base;
    }
  }

  /// Always the same region.
  @Benchmark
  @OperationsPerInvocation(ADDRESSES)
  public void same() {
    expect(nearBases, bases(near));
  }

  /// Any region.
  @Benchmark
  @OperationsPerInvocation(ADDRESSES)
  public void random() {
    expect(farBases, bases(far));
  }

  private long bases(long[] addresses) {
    long sum = 0;
    for (long gpa : addresses) {
      MemoryRegion region = memory.find(gpa, LEN);
      sum += region == null ? 0 : region.base();
    }
    return sum;
  }
}
