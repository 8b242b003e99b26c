package org.vbus.tests.conformance.net;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import org.vbus.core.loop.Idle;
import org.vbus.core.loop.ParkWaiter;
import org.vbus.core.loop.PollLoop;
import org.vbus.venet.VenetSwitch;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.L2Switch;
import org.vbus.venet.l2.SwitchPort;

/// A switch with one loop that a test steps, and a station that keeps what it receives.
final class Lan {
  static final long STATION = 0x5254_0000_00eeL;

  final VenetSwitch network = new VenetSwitch(new L2Switch("lan"));
  final PollLoop loop = new PollLoop("lan", new ParkWaiter(), Idle.BLOCK);
  private final List<byte[]> received = new ArrayList<>();
  private final SwitchPort station = network.l2().attach("station", this::keep);

  private Delivery keep(Frame frame) {
    byte[] bytes = new byte[frame.length()];
    frame.copyTo(MemorySegment.ofArray(bytes), 0);
    received.add(bytes);
    return Delivery.DELIVERED;
  }

  /// What the station received since the last call.
  List<byte[]> received() {
    List<byte[]> all = List.copyOf(received);
    received.clear();
    return all;
  }

  /// The station sends; devices have the frame, but what they completed is not published yet.
  void inject(byte[] bytes) {
    MemorySegment memory = Arena.ofAuto().allocate(bytes.length);
    MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
    Frame frame = new Frame(1);
    boolean _ = frame.add(memory, 0, bytes.length);
    network.l2().forward(station, frame, System.nanoTime());
  }

  /// Steps the loop until there is no work; everything completed is published.
  void run() {
    while (loop.doWork() > 0) {
      // once more
    }
  }

  /// The station sends, and the device publishes.
  void deliver(byte[] bytes) {
    inject(bytes);
    run();
  }
}
