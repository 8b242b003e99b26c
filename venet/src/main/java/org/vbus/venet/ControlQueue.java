package org.vbus.venet;

import static org.vbus.venet.VenetProtocol.*;

import org.jspecify.annotations.Nullable;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.Coalescing;
import org.vbus.core.ring.VirtQueue;
import org.vbus.venet.l2.MacAddress;

/// The control queue (5.1.9.5): commands of the driver, each answered with OK or ERR.
///
/// A command that changes what is received is answered once every loop that delivers to the driver
/// has taken note, so that what the driver has switched off does not come after the answer.
/// Commands that are malformed, unknown, or of a feature that was not negotiated are answered with
/// ERR and change nothing.
///
/// Used by the loop that polls the queue.
final class ControlQueue implements AutoCloseable {
  private static final int DATA = 2;
  private static final int ACK = 0;
  private static final int RESULT = 1;
  private static final int ADDRESS = 6;

  /// Largest address table that is read; a longer one is taken for a mistake.
  private static final int MOST_ADDRESSES = 1 << 12;

  private final VirtQueue queue;
  private final VenetDevice device;
  private final DriverSettings settings;
  private final long features;
  private final VenetQueues queues;
  private final Chain chain = new Chain();

  /// The rules that loops have to take note of before the present command is used.
  private @Nullable ReceiveRules awaited;

  private int written;

  ControlQueue(
      VirtQueue queue,
      VenetDevice device,
      DriverSettings settings,
      long features,
      VenetQueues queues) {
    this.queue = queue;
    this.device = device;
    this.settings = settings;
    this.features = features;
    this.queues = queues;
  }

  /// Answers up to `budget` commands.
  int poll(int budget) {
    int done = 0;
    if (awaited != null) {
      if (!queues.seen(awaited)) {
        return 0;
      }
      finish();
      done++;
    }
    while (done < budget && awaited == null && queue.peek(chain)) {
      answer();
      done++;
    }
    return done;
  }

  private void answer() {
    if (chain.writable() == 0) {
      queue.complete(chain, 0);
      return;
    }
    ReceiveRules before = settings.rules();
    written = 1;
    boolean good = chain.readable() >= DATA && execute(chain.readByte(0), chain.readByte(1));
    chain.writeByte(ACK, good ? OK : ERR);
    ReceiveRules now = settings.rules();
    if (now == before) {
      queue.complete(chain, written);
      return;
    }
    queue.hold(chain);
    awaited = now;
    queues.wakeReceivers();
  }

  private void finish() {
    awaited = null;
    queue.complete(chain, written);
  }

  /// Answers what is not answered; on the loop, after the last poll of any queue.
  @Override
  public void close() {
    if (awaited != null) {
      finish();
    }
  }

  private int dataLength() {
    return chain.readable() - DATA;
  }

  private boolean execute(int commandClass, int command) {
    return switch (commandClass) {
      case CTRL_RX -> receiveMode(command);
      case CTRL_MAC -> command == MAC_TABLE_SET ? setTables() : command == MAC_ADDR_SET && setMac();
      case CTRL_VLAN -> setVlan(command);
      case CTRL_ANNOUNCE -> command == ANNOUNCE_ACK && has(F_GUEST_ANNOUNCE) && announced();
      case CTRL_MQ -> command == VQ_PAIRS_SET && setPairs();
      case CTRL_GUEST_OFFLOADS -> command == GUEST_OFFLOADS_SET && setOffloads();
      case CTRL_NOTF_COAL -> coalesce(command);
      default -> false;
    };
  }

  private boolean has(int bit) {
    return (features & 1L << bit) != 0;
  }

  private boolean receiveMode(int command) {
    if (command < RX_PROMISC
        || command > RX_NOBCAST
        || !has(command <= RX_ALLMULTI ? F_CTRL_RX : F_CTRL_RX_EXTRA)
        || dataLength() != 1) {
      return false;
    }
    int on = chain.readByte(DATA);
    return on <= 1 && filter(settings.rules().filter().withMode(command, on == 1));
  }

  private boolean filter(ReceiveFilter filter) {
    settings.rules(settings.rules().withFilter(filter));
    return true;
  }

  private boolean setMac() {
    if (!has(F_CTRL_MAC_ADDR) || dataLength() != ADDRESS) {
      return false;
    }
    long mac = address(DATA);
    if (mac == 0 || MacAddress.isMulticast(mac)) {
      return false;
    }
    device.driverMac(mac);
    return filter(settings.rules().filter().withMac(mac));
  }

  private long address(int at) {
    long address = 0;
    for (int i = 0; i < ADDRESS; i++) {
      address = address << 8 | chain.readByte(at + i);
    }
    return address;
  }

  /// Two tables, each a le32 number and as many addresses: stations, then groups.
  private boolean setTables() {
    if (!has(F_CTRL_RX) || dataLength() < 2 * Integer.BYTES) {
      return false;
    }
    int stations = chain.readInt(DATA);
    if (stations < 0 || stations > MOST_ADDRESSES) {
      return false;
    }
    int second = DATA + Integer.BYTES + stations * ADDRESS;
    if (second + Integer.BYTES > chain.readable()) {
      return false;
    }
    int groups = chain.readInt(second);
    if (groups < 0
        || groups > MOST_ADDRESSES
        || second + Integer.BYTES + groups * ADDRESS != chain.readable()
        || !areAll(DATA + Integer.BYTES, stations, false)
        || !areAll(second + Integer.BYTES, groups, true)) {
      return false;
    }
    return filter(
        settings
            .rules()
            .filter()
            .withTables(
                addresses(DATA + Integer.BYTES, stations),
                addresses(second + Integer.BYTES, groups)));
  }

  private boolean areAll(int at, int count, boolean multicast) {
    for (int i = 0; i < count; i++) {
      if (MacAddress.isMulticast(address(at + i * ADDRESS)) != multicast) {
        return false;
      }
    }
    return true;
  }

  /// The addresses at byte `at`, null when they are too many to keep.
  private long @Nullable [] addresses(int at, int count) {
    if (count > ReceiveFilter.MOST) {
      return null;
    }
    long[] all = new long[count];
    for (int i = 0; i < count; i++) {
      all[i] = address(at + i * ADDRESS);
    }
    return all;
  }

  private boolean setVlan(int command) {
    if (!has(F_CTRL_VLAN)
        || (command != VLAN_ADD && command != VLAN_DEL)
        || dataLength() != Short.BYTES) {
      return false;
    }
    int id = chain.readShort(DATA);
    return id < ReceiveFilter.VLANS
        && filter(settings.rules().filter().withVlan(id, command == VLAN_ADD));
  }

  private boolean announced() {
    device.announced();
    return true;
  }

  private boolean setPairs() {
    if (!has(F_MQ) || dataLength() != Short.BYTES) {
      return false;
    }
    int pairs = chain.readShort(DATA);
    if (pairs < 1 || !queues.havePairs(pairs)) {
      return false;
    }
    settings.rules(settings.rules().withPairs(pairs));
    return true;
  }

  private boolean setOffloads() {
    if (!has(F_CTRL_GUEST_OFFLOADS) || dataLength() != Long.BYTES) {
      return false;
    }
    long wanted = chain.readLong(DATA);
    if ((wanted & ~(features & GUEST_OFFLOADS)) != 0) {
      return false;
    }
    settings.rules(settings.rules().withAccepts(guestOffloads(wanted)));
    return true;
  }

  private boolean coalesce(int command) {
    return switch (command) {
      case COAL_TX_SET, COAL_RX_SET ->
          has(F_NOTF_COAL) && dataLength() == 8 && coalesceAll(command == COAL_TX_SET);
      case COAL_VQ_SET -> has(F_VQ_NOTF_COAL) && dataLength() == 12 && coalesceOne();
      case COAL_VQ_GET -> has(F_VQ_NOTF_COAL) && dataLength() == 4 && tellCoalescing();
      default -> false;
    };
  }

  private boolean coalesceAll(boolean tx) {
    int packets = chain.readInt(DATA);
    int micros = chain.readInt(DATA + 4);
    settings.coalescing(tx, packets, micros);
    queues.coalesce(tx, packets, micros);
    return true;
  }

  private boolean coalesceOne() {
    int index = chain.readShort(DATA);
    VirtQueue one = queues.dataQueue(index);
    if (one == null) {
      return false;
    }
    queues.coalesce(one, chain.readInt(DATA + 4), chain.readInt(DATA + 8));
    return true;
  }

  private boolean tellCoalescing() {
    VirtQueue one = queues.dataQueue(chain.readShort(DATA));
    if (one == null || chain.writable() < RESULT + 8) {
      return false;
    }
    Coalescing coalescing = one.coalescing();
    long both = (coalescing.completions() & 0xffffffffL) | (long) coalescing.micros() << 32;
    for (int i = 0; i < 8; i++) {
      chain.writeByte(RESULT + i, (int) (both >>> (8 * i)));
    }
    written = RESULT + 8;
    return true;
  }
}
