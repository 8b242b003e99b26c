package org.vbus.bench;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.vbus.bench.report.Run;
import org.vbus.connector.kvm.KickDelivery;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.linux.Kvm;

/// Exits per I/O of a guest under KVM, over signal policy, load, batch size, number of devices that
/// share the vCPU, and event index; the kernel's own statistics say what an exit is.
///
/// The guest is a program of a few hundred instructions on one vCPU, the host one poll loop, each
/// on a processor of its own. Every request is answered, and may be signalled, by itself.
public final class KvmBench {
  /// Name of the connector in reports.
  public static final String CONNECTOR = "kvm";

  private static final int[] BATCHES = {8, 64};

  private final Placement placement = Placement.choose();
  private final List<String> notes = new ArrayList<>();

  /// A benchmark that has not run.
  public KvmBench() {}

  /// Why there is no KVM here, in one line; empty if there is.
  public static String problem() {
    return Kvm.problem();
  }

  /// Takes all measurements, of about the times that `options` say.
  ///
  /// @throws BenchFailure when a guest stalls, stops or gets wrong answers
  public List<Run> run(BenchOptions options, Progress progress) {
    notes.clear();
    List<Run> runs = new ArrayList<>();
    try (Kvm kvm = Kvm.open()) {
      progress.step("kvm: calibrating");
      Calibration calibration = Calibration.of(kvm, placement);
      notes.addAll(calibration.notes());
      for (KvmCase each : cases(options)) {
        measure(kvm, each, calibration.label(), options, progress, runs);
      }
      notes.add(idle(kvm, calibration.label()));
      if (options.policies().contains(SignalPolicy.RING)) {
        progress.step("kvm: priorities");
        long window = 3 * options.window().toNanos();
        notes.add(KvmPriorities.measure(kvm, placement, options.warmUp().toNanos(), window).note());
      }
    } catch (IOException e) {
      throw new BenchFailure(String.valueOf(e.getMessage()), e);
    }
    return runs;
  }

  private static List<KvmCase> cases(BenchOptions options) {
    List<KvmCase> all = new ArrayList<>();
    for (int devices : options.devices()) {
      for (boolean eventIndex : options.eventIndex()) {
        for (SignalPolicy policy : options.policies()) {
          all.add(new KvmCase(policy, eventIndex, devices, 1, KickDelivery.EVENTFD));
        }
      }
    }
    for (int batch : options.devices().contains(1) ? BATCHES : new int[0]) {
      for (SignalPolicy policy : options.policies()) {
        all.add(new KvmCase(policy, false, 1, batch, KickDelivery.EVENTFD));
      }
    }
    return all;
  }

  private void measure(
      Kvm kvm,
      KvmCase what,
      String label,
      BenchOptions options,
      Progress progress,
      List<Run> runs) {
    long warmUp = options.warmUp().toNanos();
    long window = options.window().toNanos();
    progress.step("%s: maximum".formatted(what.name()));
    boolean single = what.devices() == 1 && what.depth() == 1;
    Run maximum = closed(kvm, what, label, Run.MAXIMUM, warmUp, window);
    if (single && options.loads().contains(Run.ONE_AT_A_TIME)) {
      // With one place in one queue this is one at a time.
      runs.add(closed(kvm, what, label, Run.ONE_AT_A_TIME, warmUp, window));
    }
    if (options.loads().contains(Run.MAXIMUM)) {
      runs.add(maximum);
    }
    for (double load : options.loads()) {
      if (load > Run.ONE_AT_A_TIME && load < Run.MAXIMUM) {
        progress.step("%s: %d %%".formatted(what.name(), Math.round(load * 100)));
        try (KvmSession session = new KvmSession(kvm, what, label, placement)) {
          runs.add(session.measure(load, maximum.iosPerSecond(), warmUp, window));
        }
      }
    }
  }

  private Run closed(Kvm kvm, KvmCase what, String label, double load, long warmUp, long window) {
    try (KvmSession session = new KvmSession(kvm, what, label, placement)) {
      return session.measure(load, 0, warmUp, window);
    }
  }

  private String idle(Kvm kvm, String label) {
    KvmCase what = new KvmCase(SignalPolicy.RING, false, 1, 1, KickDelivery.EVENTFD);
    try (KvmSession session = new KvmSession(kvm, what, label, placement)) {
      return "kvm: a guest with nothing to do makes %.1f exits per second."
          .formatted(session.idleExitsPerSecond(300_000_000));
    }
  }

  /// What a reader of the figures of the last run must know.
  public List<String> notes() {
    List<String> all = new ArrayList<>(notes);
    all.add(
        "kvm: exits/IO is the kernel's count of exits per answered request (kvmExitsPerIo);"
            + " userExitsPerIo are returns to this process, trapEventsPerIo kicks and ends of"
            + " interrupts as the guest counts them plus halts as the kernel does. The three count"
            + " different things and are never added up.");
    all.add(
        ("kvm: each device echoes requests of %d bytes, each answered by itself. Batch is the"
                + " number of requests that the guest makes at once, over all devices; with one"
                + " device they share a queue, a kick and an interrupt vector, else each has its own. Kicks go through event"
                + " descriptors, interrupts through irqfd. %s.")
            .formatted(KvmCase.REQUEST_BYTES, placement.note()));
    all.add(
        "kvm: one at a time and at the maximum latency is the time a place in the queue takes to"
            + " come round. At a rate it is the time from the arrival of a batch, of which the"
            + " guest learns by a timer interrupt (timerInterrupts), to its last answer, seen with"
            + " a resolution of about 70 us.");
    return all;
  }
}
