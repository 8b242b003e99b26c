package org.vbus.bench;

import java.util.List;
import org.vbus.connector.kvm.UserExit;
import org.vbus.connector.kvm.guest.GuestCounter;
import org.vbus.core.ledger.Tally;
import org.vbus.linux.KvmStatistics;

/// Everything that is counted about a guest, at one moment: by the kernel, by the guest, by the
/// thread of its vCPU and by the devices. The guest runs on while this is read.
final class KvmMoment {
  private final long nanos;
  private final long answered;
  private final List<String> names;
  private final long[] kernel;
  private final long[] guest = new long[GuestCounter.values().length];
  private final long[] user = new long[UserExit.values().length];
  private final Tally tally;

  KvmMoment(KvmStack stack, KvmStatistics statistics) {
    names = statistics.names();
    kernel = new long[names.size()];
    int _ = statistics.snapshot(kernel);
    for (GuestCounter counter : GuestCounter.values()) {
      guest[counter.ordinal()] = stack.counters().get(counter);
    }
    for (UserExit exit : UserExit.values()) {
      user[exit.ordinal()] = stack.host().exits(exit);
    }
    answered = stack.counters().answered();
    nanos = System.nanoTime();
    tally = stack.tally();
  }

  private KvmMoment(KvmMoment later, KvmMoment earlier) {
    names = later.names;
    nanos = later.nanos - earlier.nanos;
    answered = later.answered - earlier.answered;
    kernel = later.kernel.clone();
    subtract(kernel, earlier.kernel);
    System.arraycopy(later.guest, 0, guest, 0, guest.length);
    subtract(guest, earlier.guest);
    System.arraycopy(later.user, 0, user, 0, user.length);
    subtract(user, earlier.user);
    tally = later.tally.since(earlier.tally);
  }

  private static void subtract(long[] from, long[] what) {
    for (int i = 0; i < from.length; i++) {
      from[i] -= what[i];
    }
  }

  /// What happened since `earlier`.
  KvmMoment since(KvmMoment earlier) {
    return new KvmMoment(this, earlier);
  }

  /// Time, of a change.
  double seconds() {
    return nanos / 1e9;
  }

  /// Requests the guest has seen answers to.
  long answered() {
    return answered;
  }

  /// Names of the kernel's counters.
  List<String> kernelNames() {
    return names;
  }

  /// One of the kernel's counters, 0 where it has none of that name.
  long kernel(String name) {
    int index = names.indexOf(name);
    return index < 0 ? 0 : kernel[index];
  }

  long guest(GuestCounter counter) {
    return guest[counter.ordinal()];
  }

  long user(UserExit exit) {
    return user[exit.ordinal()];
  }

  /// Returns of the vCPU to this process, whatever for.
  long userExits() {
    long sum = 0;
    for (long each : user) {
      sum += each;
    }
    return sum;
  }

  Tally tally() {
    return tally;
  }
}
