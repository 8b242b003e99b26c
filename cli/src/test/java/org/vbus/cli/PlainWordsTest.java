package org.vbus.cli;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// What is understood without the command-line library, and what must be left to it.
class PlainWordsTest {
  @ParameterizedTest
  @ValueSource(
      strings = {
        "host lan.conf",
        "host --status=5 lan.conf",
        "host --status 0 lan.conf",
        "host lan.conf --status 5",
        "host a=b.conf"
      })
  void aHostOfOneFile(String words) {
    assertThat(PlainWords.of(words.split(" ", -1))).isInstanceOf(HostStack.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "device net --socket-path=/run/net.sock",
        "device net --socket-path /run/net.sock --client",
        "device net --mac=52:54:00:00:00:01 --tap=tap0 --mode=rw-rw---- --socket-path=/a=b"
      })
  void aNetworkDeviceOnASocket(String words) {
    assertThat(PlainWords.of(words.split(" ", -1))).isInstanceOf(NetBackEnd.class);
  }

  @ParameterizedTest
  @ValueSource(
      strings = {
        "",
        "host",
        "host --help",
        "host --example qemu",
        "host a.conf b.conf",
        "host @words",
        "host --status x a.conf",
        "host --status=-1 a.conf",
        "host --status= a.conf",
        "host a.conf --status",
        "host --status --status a.conf",
        "host --status=1 --status=2 a.conf",
        "host --stat=1 a.conf",
        "device",
        "device net",
        "device net --help",
        "device net --print-capabilities",
        "device net --fd=3",
        "device net -s /run/net.sock",
        "device net --socket-path=",
        "device net --socket-path",
        "device net --socket-path=/a --client=yes",
        "device net --socket-path=/a --speed=10",
        "device net --socket-path=/a again",
        "device disk --socket-path=/a",
        "check lan.conf"
      })
  void everythingElseIsLeftToTheLibrary(String words) {
    assertThat(PlainWords.of(words.split(" ", -1))).isNull();
  }
}
