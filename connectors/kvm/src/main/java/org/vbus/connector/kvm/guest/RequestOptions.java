package org.vbus.connector.kvm.guest;

import java.util.List;
import org.vbus.core.connector.SignalPolicy;
import org.vbus.core.ring.SplitLayout;
import org.vbus.shm.EventGeometry;

/// What [RequestProgram] is to do.
///
/// @param policy of the bus
/// @param deviceId virtio device id of the devices to drive
/// @param devices how many of them, from the lowest slot on
/// @param doorbell how they are kicked
/// @param suppression what is done against kicks and signals
/// @param depth most requests in flight per device, a power of two
/// @param batch requests published at once, when so many are allowed
/// @param bytes of a request and of its answer, a multiple of 8
/// @param total requests per device before the guest is done
/// @param levels priority level of each device in turn, from the beginning again when there are
///   more devices
public record RequestOptions(
    SignalPolicy policy,
    int deviceId,
    int devices,
    Doorbell doorbell,
    Suppression suppression,
    int depth,
    int batch,
    int bytes,
    long total,
    List<Integer> levels) {
  private static final int MAX_BYTES = 1 << 15;

  /// Checks what can be checked without a bus.
  public RequestOptions {
    levels = List.copyOf(levels);
    check(devices >= 1 && devices <= GuestCounters.MAX_DEVICES, "devices", devices);
    check(depth <= SplitLayout.MAX_SIZE / 2 && SplitLayout.isLegalSize(depth), "depth", depth);
    check(batch >= 1 && batch <= depth, "batch", batch);
    check(bytes >= 8 && bytes <= MAX_BYTES && bytes % 8 == 0, "bytes", bytes);
    check(total >= 1, "total", total);
    check(!levels.isEmpty(), "levels", levels);
    for (int level : levels) {
      check(level >= 0 && level < EventGeometry.MAX_LEVELS, "level", level);
    }
  }

  private static void check(boolean good, String what, Object value) {
    if (!good) {
      throw new IllegalArgumentException("%s: %s".formatted(what, value));
    }
  }

  /// One request of 64 bytes at a time on one device of that id, `total` of them, without event
  /// indexes.
  public static RequestOptions of(SignalPolicy policy, int deviceId, long total) {
    return new RequestOptions(
        policy, deviceId, 1, Doorbell.PORT, Suppression.FLAGS, 1, 1, 64, total, List.of(0));
  }

  /// With another number of devices.
  public RequestOptions withDevices(int number) {
    return new RequestOptions(
        policy, deviceId, number, doorbell, suppression, depth, batch, bytes, total, levels);
  }

  /// With another doorbell.
  public RequestOptions withDoorbell(Doorbell kind) {
    return new RequestOptions(
        policy, deviceId, devices, kind, suppression, depth, batch, bytes, total, levels);
  }

  /// With other suppression.
  public RequestOptions withSuppression(Suppression kind) {
    return new RequestOptions(
        policy, deviceId, devices, doorbell, kind, depth, batch, bytes, total, levels);
  }

  /// With another number of requests in flight and per kick.
  public RequestOptions withDepth(int inFlight, int perKick) {
    return new RequestOptions(
        policy, deviceId, devices, doorbell, suppression, inFlight, perKick, bytes, total, levels);
  }

  /// With requests of another size.
  public RequestOptions withBytes(int size) {
    return new RequestOptions(
        policy, deviceId, devices, doorbell, suppression, depth, batch, size, total, levels);
  }

  /// With other levels.
  public RequestOptions withLevels(Integer... each) {
    return new RequestOptions(
        policy,
        deviceId,
        devices,
        doorbell,
        suppression,
        depth,
        batch,
        bytes,
        total,
        List.of(each));
  }

  /// Level of a device.
  int level(int device) {
    return levels.get(device % levels.size());
  }

  /// Levels there are.
  int levelCount() {
    return levels.stream().mapToInt(Integer::intValue).max().orElse(0) + 1;
  }

  /// Entries of each queue: a request takes two.
  int queueSize() {
    return 2 * depth;
  }
}
