package org.vbus.linux;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

final class ErrnoTest {
  @Test
  void namesAreFollowedByAMeaning() {
    assertThat(Errno.describe(Errno.EACCES)).isEqualTo("EACCES: permission denied");
    assertThat(Errno.describe(Errno.EAGAIN)).isEqualTo("EAGAIN: try again");
  }

  @Test
  void anUnknownNumberIsShownAsItIs() {
    assertThat(Errno.describe(4711)).isEqualTo("errno 4711");
  }

  @Test
  void aMessageSaysWhatThenTheErrorThenTheCallThenTheAdvice() {
    var e = new SystemCallException("tap t0", "TUNSETIFF", Errno.EBUSY, "Use another name.");
    assertThat(e)
        .hasMessage("tap t0: EBUSY: device or resource busy (TUNSETIFF). Use another name.");
    assertThat(e.errno()).isEqualTo(16);
    assertThat(e.call()).isEqualTo("TUNSETIFF");
    assertThat(e.what()).isEqualTo("tap t0");
  }

  @ParameterizedTest
  @CsvSource({
    "Linux, amd64, true",
    "Linux, x86_64, true",
    "Linux, aarch64, true",
    "Linux, riscv64, false",
    "Linux, x86, false",
    "Mac OS X, aarch64, false",
    "Windows 11, amd64, false",
  })
  void onlyKnownSystemsAreSupported(String os, String arch, boolean supported) {
    assertThat(Linux.supported(os, arch)).isEqualTo(supported);
  }

  @Test
  void theRefusalNamesTheSystem() {
    assertThat(Linux.unsupported("Mac OS X", "aarch64"))
        .isEqualTo("this needs Linux on x86-64 or aarch64; this JVM runs on Mac OS X on aarch64");
  }
}
