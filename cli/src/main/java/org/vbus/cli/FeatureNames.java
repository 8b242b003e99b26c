package org.vbus.cli;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.vbus.connector.vhostuser.ProtocolFeature;

/// Names of feature bits (5.1.3, 5.2.3, chapter 6, vhost-user), as their specifications spell them.
final class FeatureNames {
  private static final Map<Integer, String> RESERVED =
      Map.ofEntries(
          Map.entry(24, "VIRTIO_F_NOTIFY_ON_EMPTY"),
          Map.entry(26, "VHOST_F_LOG_ALL"),
          Map.entry(27, "VIRTIO_F_ANY_LAYOUT"),
          Map.entry(28, "VIRTIO_F_INDIRECT_DESC"),
          Map.entry(29, "VIRTIO_F_EVENT_IDX"),
          Map.entry(30, "VHOST_USER_F_PROTOCOL_FEATURES"),
          Map.entry(32, "VIRTIO_F_VERSION_1"),
          Map.entry(33, "VIRTIO_F_ACCESS_PLATFORM"),
          Map.entry(34, "VIRTIO_F_RING_PACKED"),
          Map.entry(35, "VIRTIO_F_IN_ORDER"),
          Map.entry(36, "VIRTIO_F_ORDER_PLATFORM"),
          Map.entry(37, "VIRTIO_F_SR_IOV"),
          Map.entry(38, "VIRTIO_F_NOTIFICATION_DATA"),
          Map.entry(39, "VIRTIO_F_NOTIF_CONFIG_DATA"),
          Map.entry(40, "VIRTIO_F_RING_RESET"),
          Map.entry(41, "VIRTIO_F_ADMIN_VQ"),
          Map.entry(43, "VIRTIO_F_SUSPEND"));

  private static final Map<Integer, String> NET =
      named(
          "VIRTIO_NET_F_",
          "0 CSUM,1 GUEST_CSUM,2 CTRL_GUEST_OFFLOADS,3 MTU,5 MAC,6 GSO,7 GUEST_TSO4,8 GUEST_TSO6,"
              + "9 GUEST_ECN,10 GUEST_UFO,11 HOST_TSO4,12 HOST_TSO6,13 HOST_ECN,14 HOST_UFO,"
              + "15 MRG_RXBUF,16 STATUS,17 CTRL_VQ,18 CTRL_RX,19 CTRL_VLAN,20 CTRL_RX_EXTRA,"
              + "21 GUEST_ANNOUNCE,22 MQ,23 CTRL_MAC_ADDR,50 DEVICE_STATS,51 HASH_TUNNEL,"
              + "52 VQ_NOTF_COAL,53 NOTF_COAL,54 GUEST_USO4,55 GUEST_USO6,56 HOST_USO,"
              + "57 HASH_REPORT,59 GUEST_HDRLEN,60 RSS,61 RSC_EXT,62 STANDBY,63 SPEED_DUPLEX");

  private static final Map<Integer, String> BLK =
      named(
          "VIRTIO_BLK_F_",
          "0 BARRIER,1 SIZE_MAX,2 SEG_MAX,4 GEOMETRY,5 RO,6 BLK_SIZE,7 SCSI,9 FLUSH,10 TOPOLOGY,"
              + "11 CONFIG_WCE,12 MQ,13 DISCARD,14 WRITE_ZEROES,15 LIFETIME,16 SECURE_ERASE,"
              + "17 ZONED");

  private FeatureNames() {}

  private static Map<Integer, String> named(String prefix, String list) {
    return Arrays.stream(list.split(",", -1))
        .map(entry -> entry.split(" ", -1))
        .collect(
            Collectors.toUnmodifiableMap(
                entry -> Integer.valueOf(entry[0]), entry -> prefix + entry[1]));
  }

  /// One bit of a set.
  ///
  /// @param name `bit 47` where nobody gave it one
  /// @param agreed whether both sides use it
  record Bit(int number, String name, boolean agreed) {}

  /// The bits of `offered` for a device of a kind.
  static List<Bit> virtio(ProbeReport.Kind kind, long offered, long agreed) {
    Map<Integer, String> own =
        switch (kind) {
          case NET -> NET;
          case BLK -> BLK;
          case UNKNOWN -> Map.of();
        };
    List<Bit> bits = new ArrayList<>();
    for (int i = 0; i < Long.SIZE; i++) {
      if ((offered & 1L << i) != 0) {
        bits.add(bit(i, own.getOrDefault(i, RESERVED.get(i)), agreed));
      }
    }
    return bits;
  }

  /// The bits of a set of protocol features.
  static List<Bit> protocol(long offered, long agreed) {
    List<Bit> bits = new ArrayList<>();
    for (int i = 0; i < Long.SIZE; i++) {
      long mask = 1L << i;
      if ((offered & mask) != 0) {
        String name = null;
        for (ProtocolFeature feature : ProtocolFeature.values()) {
          if (feature.mask() == mask) {
            name = feature.name();
          }
        }
        bits.add(bit(i, name, agreed));
      }
    }
    return bits;
  }

  private static Bit bit(int number, @Nullable String name, long agreed) {
    return new Bit(number, name == null ? "bit " + number : name, (agreed & 1L << number) != 0);
  }
}
