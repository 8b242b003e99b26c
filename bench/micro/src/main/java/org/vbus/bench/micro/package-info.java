/// What each layer costs by itself, under JMH: nanoseconds and allocated bytes per operation.
///
/// ```
///   TranslateBenchmark   address -> region              memory
///   ChainBenchmark       descriptors -> Chain -> bytes  ring
///   RingBenchmark        device half, both halves       ring
///   SignalBenchmark      shm_signal, event sources      shm-signal
///   EventRing*Benchmark  event ring, LMAX Disruptor     shm-signal
///   MacTableBenchmark    address -> port                switch
///   L2SwitchBenchmark    frame -> port                  switch
///   GuestToGuestBenchmark  all of them in a row, on one thread
/// ```
///
/// A benchmark is one thread's work in a loop with warm caches and predicted branches, so a lower
/// bound; what matters is how it changes. Every one checks its answer and throws when it is wrong.
/// `bench/micro.sh` runs them, `bench/compare.sh` compares two commits with them
/// ([org.vbus.bench.micro.compare]).
package org.vbus.bench.micro;
