package org.vbus.venet;

import static org.vbus.venet.VenetProtocol.*;

import org.jspecify.annotations.Nullable;
import org.vbus.core.device.DeviceContext;
import org.vbus.core.ring.VirtQueue;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.FrameBurst;

/// The queues of a device between start and stop.
///
/// ```
///   0 rx1   1 tx1   ...   2(N-1) rxN   2(N-1)+1 txN   2N control
/// ```
///
/// N is 1 unless MQ was negotiated (5.1.2). Pairs that the driver has not set up are missing.
final class VenetQueues {
  private final DeviceContext context;
  private final DriverSettings settings;
  private final Steering steering;
  private final @Nullable ReceiveQueue[] receive;
  private final @Nullable TransmitQueue[] transmit;
  private @Nullable ControlQueue control;

  VenetQueues(DeviceContext context, DriverSettings settings, Steering steering, int pairs) {
    this.context = context;
    this.settings = settings;
    this.steering = steering;
    this.receive = new @Nullable ReceiveQueue[pairs];
    this.transmit = new @Nullable TransmitQueue[pairs];
  }

  /// Number of the control queue.
  static int controlIndex(int pairs) {
    return 2 * pairs;
  }

  int pairs() {
    return receive.length;
  }

  void receive(int pair, ReceiveQueue queue) {
    receive[pair] = queue;
  }

  void transmit(int pair, TransmitQueue queue) {
    transmit[pair] = queue;
  }

  void control(ControlQueue queue) {
    control = queue;
  }

  DeviceContext context() {
    return context;
  }

  int poll(int queue, int budget, boolean linkUp) {
    int pair = queue >> 1;
    if (pair >= receive.length) {
      ControlQueue commands = control;
      return commands == null ? 0 : commands.poll(budget);
    }
    if ((queue & 1) == RX) {
      ReceiveQueue rx = receive[pair];
      return rx == null ? 0 : rx.poll(budget, linkUp);
    }
    TransmitQueue tx = transmit[pair];
    return tx == null ? 0 : tx.poll(budget, context.loop(queue).now(), linkUp);
  }

  /// Hands the frame to the queue that it belongs on, if the driver wants it; any loop.
  Delivery deliver(Frame frame) {
    ReceiveRules rules = settings.rules();
    if (!rules.filter().accepts(frame)) {
      return Delivery.FILTERED;
    }
    ReceiveQueue rx = rules.pairs() == 1 ? receive[0] : choose(rules.pairs(), frame);
    return rx == null ? Delivery.NO_BUFFER : rx.deliver(frame);
  }

  /// Hands frames to the queue that all of them belong on; any loop.
  ///
  /// @return how many of the first were delivered at once
  int deliver(FrameBurst frames, int from, int to) {
    ReceiveRules rules = settings.rules();
    ReceiveQueue rx = receive[0];
    if (rx == null || rules.pairs() != 1) {
      return 0;
    }
    int end = from;
    while (end < to && rules.filter().accepts(frames, end)) {
      end++;
    }
    return rx.deliver(frames, from, end);
  }

  /// The queue of the pair on which the driver sent the flow, or else the next one that there is
  /// (5.1.9.5.6.2).
  private @Nullable ReceiveQueue choose(int pairs, Frame frame) {
    int first = steering.pair(FlowHash.of(frame), pairs);
    for (int i = 0; i < pairs; i++) {
      int pair = first + i;
      ReceiveQueue rx = receive[pair < pairs ? pair : pair - pairs];
      if (rx != null) {
        return rx;
      }
    }
    return null;
  }

  /// Whether every receive queue has taken note of the rules.
  boolean seen(ReceiveRules rules) {
    for (ReceiveQueue rx : receive) {
      if (rx != null && !rx.hasSeen(rules)) {
        return false;
      }
    }
    return true;
  }

  void wakeReceivers() {
    for (int pair = 0; pair < receive.length; pair++) {
      if (receive[pair] != null) {
        context.wake(2 * pair + RX);
      }
    }
  }

  /// Whether the driver has set up the first `pairs` pairs.
  boolean havePairs(int pairs) {
    if (pairs > receive.length) {
      return false;
    }
    for (int pair = 0; pair < pairs; pair++) {
      if (receive[pair] == null || transmit[pair] == null) {
        return false;
      }
    }
    return true;
  }

  /// Receive or transmit queue `index`, null when it is not enabled, or neither.
  @Nullable VirtQueue dataQueue(int index) {
    return index >> 1 < receive.length && context.enabled(index) ? context.queue(index) : null;
  }

  /// Sets the limits of all queues of one direction.
  void coalesce(boolean tx, int packets, int micros) {
    for (int index = tx ? TX : RX; index < 2 * receive.length; index += 2) {
      VirtQueue queue = dataQueue(index);
      if (queue != null) {
        coalesce(queue, packets, micros);
      }
    }
  }

  /// Sets the limits of one queue, and has its loop look whether they are met.
  void coalesce(VirtQueue queue, int packets, int micros) {
    queue.coalescing().limits(packets, micros);
    context.wake(queue.index());
  }

  /// Makes the loops of all transmit queues look at them.
  void wakeTransmitters() {
    for (int pair = 0; pair < transmit.length; pair++) {
      context.wake(2 * pair + TX);
    }
  }

  /// After the last poll: nothing is under way when this returns, and what was delivered or
  /// answered is published.
  void close() {
    for (int pair = 0; pair < receive.length; pair++) {
      ReceiveQueue rx = receive[pair];
      if (rx != null) {
        context.loop(2 * pair + RX).execute(rx::close);
      }
    }
    ControlQueue commands = control;
    if (commands != null) {
      var loop = context.loop(controlIndex(receive.length));
      loop.execute(() -> {
        commands.close();
        loop.burst().publish();
      });
    }
  }
}
