package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.ExecutionException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

final class TapErrorsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {"", "sixteencharslong", ".", "..", "a/b", "a b", "a:b", "a\tb", "a\0b", "tåp"})
  void impossibleNamesAreRefused(String name) {
    assertThatThrownBy(() -> TapOptions.named(name))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageStartingWith("tap name '" + name + "' must");
  }

  @Test
  void fifteenCharactersAreAName() {
    assertThat(TapOptions.named("fifteen-chars-x").name()).hasSize(15);
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1, 67, 65522, Integer.MAX_VALUE})
  void impossibleMtusAreRefused(int mtu) {
    assertThatThrownBy(() -> TapOptions.named("t0").withMtu(mtu))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("tap mtu " + mtu + " must be 68 to 65521, or 0 to leave it");
  }

  @Test
  void aMissingNamespaceSaysHowToMakeOne() {
    assertFails(
        TapOptions.named("t0").withNetns(Path.of("/run/netns/no-such-namespace")),
        "network namespace /run/netns/no-such-namespace: ENOENT: no such file or directory (open)."
            + " There is no such file: create a namespace with `ip netns add NAME` and use"
            + " /run/netns/NAME.");
  }

  @Test
  void aFileThatIsNoNamespaceIsRefused(@TempDir Path directory) throws Exception {
    Path file = Files.createFile(directory.resolve("plain"));
    assertFails(
        TapOptions.named("t0").withNetns(file),
        "network namespace "
            + file
            + ": EINVAL: invalid argument (setns). This file is not a network namespace.");
  }

  @Test
  void aTapHeldBySomebodyElseIsBusy() throws Exception {
    try (PrivateNetns netns = PrivateNetns.create();
        Tap _ = Tap.open(TapOptions.named("t0").withNetns(netns.path()))) {
      assertFails(
          TapOptions.named("t0").withNetns(netns.path()),
          "tap t0 in network namespace "
              + netns.path()
              + ": EBUSY: device or resource busy (TUNSETIFF). Another process holds it: stop that"
              + " process or use another name.");
    }
  }

  @Test
  void anInterfaceThatIsNoTapIsRefused() throws Exception {
    try (PrivateNetns netns = PrivateNetns.create()) {
      assertFails(
          TapOptions.named("lo").withNetns(netns.path()),
          "tap lo in network namespace "
              + netns.path()
              + ": EINVAL: invalid argument (TUNSETIFF). An interface of this name exists and is not"
              + " a tap with one queue: use another name.");
    }
  }

  @Test
  void withoutPrivilegeTheMessageSaysHowToGetATap() throws Exception {
    try (PrivateNetns netns = PrivateNetns.create()) {
      assertUnprivilegedFails(
          netns,
          TapOptions.named("t0"),
          "tap t0: EPERM: operation not permitted (TUNSETIFF). Run as root or with CAP_NET_ADMIN, or"
              + " let root create the tap for you: `ip tuntap add dev t0 mode tap user $USER`.");
      netns.ip("tuntap", "add", "dev", "t0", "mode", "tap", "user", "0");
      assertUnprivilegedFails(
          netns,
          TapOptions.named("t0"),
          "tap t0: EPERM: operation not permitted (SIOCSIFFLAGS). Run as root or with CAP_NET_ADMIN,"
              + " or let root run `ip link set dev t0 up` first.");
      assertUnprivilegedFails(
          netns,
          TapOptions.named("t0").withNetns(netns.path()),
          "network namespace "
              + netns.path()
              + ": EPERM: operation not permitted (setns). Run as root or with CAP_SYS_ADMIN.");
    }
  }

  @Test
  void failuresAndSuccessesLeaveNoDescriptorBehind() throws Exception {
    try (PrivateNetns netns = PrivateNetns.create()) {
      TapOptions options = TapOptions.named("t0").withNetns(netns.path());
      openAndFail(options);
      long before = openDescriptors();
      for (int i = 0; i < 20; i++) {
        openAndFail(options);
      }
      assertThat(openDescriptors()).isEqualTo(before);
    }
  }

  private static void openAndFail(TapOptions options) throws IOException {
    try (Tap _ = Tap.open(options);
        EventFd event = EventFd.create();
        Epoll epoll = Epoll.create(4);
        SharedMemory _ = SharedMemory.create("vbus-test", 4096)) {
      epoll.add(event.fd(), Epoll.READABLE, 0);
      assertThat(catchThrowable(() -> Tap.open(options))).isInstanceOf(IOException.class);
      assertThat(catchThrowable(() -> SharedMemory.create("vbus-test", Long.MAX_VALUE)))
          .isInstanceOf(IOException.class);
      assertThat(DeviceNodes.check(Path.of("/dev/null")).openable()).isTrue();
    }
  }

  private static long openDescriptors() throws IOException {
    try (var list = Files.list(Path.of("/proc/self/fd"))) {
      return list.count();
    }
  }

  private static void assertFails(TapOptions options, String message) {
    assertThatThrownBy(() -> Tap.open(options))
        .isInstanceOf(SystemCallException.class)
        .hasMessage(message);
  }

  private static void assertUnprivilegedFails(
      PrivateNetns netns, TapOptions options, String message) {
    assertThatThrownBy(
            () -> NetNamespace.call(netns.path(), () -> Unprivileged.call(() -> Tap.open(options))))
        .isInstanceOf(IOException.class)
        .rootCause()
        .isNotInstanceOf(ExecutionException.class)
        .hasMessage(message);
  }
}
