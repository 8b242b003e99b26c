package org.vbus.linux;

import static java.lang.foreign.ValueLayout.JAVA_BYTE;
import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.HexFormat;
import org.junit.jupiter.api.AutoClose;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

final class TapTest {
  private static final HexFormat HEX = HexFormat.of();
  private static final String OUR_MAC = "020000000001";
  private static final String OUR_IP = "c0000202"; // 192.0.2.2
  private static final String HOST_IP = "c0000201"; // 192.0.2.1
  private static final byte[] ARP_REQUEST =
      HEX.parseHex(
          "ffffffffffff"
              + OUR_MAC
              + "0806"
              + "0001080006040001"
              + OUR_MAC
              + OUR_IP
              + "000000000000"
              + HOST_IP);

  @AutoClose private PrivateNetns netns;
  @AutoClose private final Arena arena = Arena.ofShared();
  private final MemorySegment buffer = arena.allocate(4096);

  @BeforeEach
  void makeNamespace() throws Exception {
    netns = PrivateNetns.create();
  }

  private TapOptions options(String name) {
    return TapOptions.named(name).withNetns(netns.path());
  }

  @Test
  void theHostStackAnswersWhatIsWritten() throws Exception {
    try (Tap tap = Tap.open(options("vbus0"))) {
      assertThat(tap.headerLength()).isEqualTo(12);
      exchangeArp(tap);
    }
  }

  @Test
  void withoutTheHeaderFramesComeBare() throws Exception {
    try (Tap tap = Tap.open(new TapOptions("vbus0", netns.path(), false, 0, true, false))) {
      assertThat(tap.headerLength()).isZero();
      exchangeArp(tap);
    }
  }

  private void exchangeArp(Tap tap) throws Exception {
    netns.ip("addr", "add", "192.0.2.1/24", "dev", tap.name());
    int offset = 64;
    int header = tap.headerLength();
    MemorySegment.copy(ARP_REQUEST, 0, buffer, JAVA_BYTE, offset + header, ARP_REQUEST.length);
    int length = header + ARP_REQUEST.length;
    try (Epoll epoll = Epoll.create(1)) {
      epoll.add(tap.fd(), Epoll.READABLE, 0);
      assertThat(tap.write(buffer, offset, length)).isEqualTo(length);
      byte[] reply = null;
      while (reply == null) {
        int n = tap.read(buffer, offset, 2048);
        if (n == -Errno.EAGAIN) {
          assertThat(epoll.await(5_000)).as("an answer comes").isPositive();
          continue;
        }
        assertThat(n).isGreaterThanOrEqualTo(header + 14);
        byte[] read = new byte[n];
        MemorySegment.copy(buffer, JAVA_BYTE, offset, read, 0, n);
        if (read[header + 12] == 0x08 && read[header + 13] == 0x06) {
          reply = read;
        }
      }
      byte[] vnet = Arrays.copyOf(reply, header);
      if (header > 0) {
        vnet[10] = 0; // num_buffers: 0 or 1
      }
      assertThat(vnet).as("no offload").isEqualTo(new byte[header]);
      assertThat(HEX.formatHex(reply, header, header + 42))
          .isEqualTo(
              OUR_MAC
                  + HEX.formatHex(tap.mac())
                  + "0806"
                  + "0001080006040002"
                  + HEX.formatHex(tap.mac())
                  + HOST_IP
                  + OUR_MAC
                  + OUR_IP);
    }
  }

  @Test
  void theInterfaceIsSetUpAsAsked() throws Exception {
    try (Tap tap = Tap.open(options("vbus%d").withMtu(9000))) {
      assertThat(tap.name()).isEqualTo("vbus0");
      assertThat(tap.mtu()).isEqualTo(9000);
      String shown = netns.ip("-o", "link", "show", "dev", "vbus0");
      assertThat(shown)
          .contains("mtu 9000", ",UP", HexFormat.ofDelimiter(":").formatHex(tap.mac()));
    }
    assertThat(netns.ip("-o", "link", "show"))
        .as("gone with its descriptor")
        .doesNotContain("vbus0");
  }

  @Test
  void upAndMtuAreLeftAloneUnlessAskedFor() throws Exception {
    try (Tap tap = Tap.open(new TapOptions("vbus0", netns.path(), true, 0, false, false))) {
      assertThat(tap.mtu()).isEqualTo(1500);
      assertThat(netns.ip("-o", "link", "show", "dev", "vbus0"))
          .contains("mtu 1500")
          .doesNotContain(",UP");
      assertThat(tap.write(buffer, 0, 12 + 60)).isEqualTo(-Errno.EIO);
    }
  }

  @Test
  void aPersistentInterfaceSurvivesAndIsAttachedToAgain() throws Exception {
    netns.ip("tuntap", "add", "dev", "kept0", "mode", "tap");
    String before = netns.ip("-o", "link", "show", "dev", "kept0").replaceAll(".*ether ", "");
    for (int i = 0; i < 2; i++) {
      try (Tap tap = Tap.open(options("kept0"))) {
        assertThat(before).startsWith(HexFormat.ofDelimiter(":").formatHex(tap.mac()));
        exchangeArp(tap);
      }
      netns.ip("addr", "flush", "dev", "kept0");
    }
    assertThat(netns.ip("-o", "link", "show")).contains("kept0");
  }

  @Test
  void anOwnerWithoutPrivilegeMayAttachToAPreparedInterface() throws Exception {
    netns.ip("tuntap", "add", "dev", "own0", "mode", "tap", "user", "0");
    netns.ip("link", "set", "dev", "own0", "up", "mtu", "1400");
    TapOptions options = TapOptions.named("own0").withMtu(1400);
    try (Tap tap =
        NetNamespace.call(netns.path(), () -> Unprivileged.call(() -> Tap.open(options)))) {
      assertThat(tap.mtu()).isEqualTo(1400);
      exchangeArp(tap);
    }
  }

  @Test
  void aDeletedInterfaceAnswersEbadfd() throws Exception {
    try (Tap tap = Tap.open(options("vbus0"))) {
      netns.ip("link", "del", "dev", "vbus0");
      assertThat(tap.read(buffer, 0, 2048)).isEqualTo(-Errno.EBADFD);
      assertThat(tap.write(buffer, 0, 72)).isEqualTo(-Errno.EBADFD);
    }
  }
}
