package org.vbus.bench.load;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.typesafe.config.ConfigFactory;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class LoadPlanTest {
  @Test
  void aSweepGoesByOneTwoAndFiveAndThenByMillions() {
    List<Double> rates = new ArrayList<>();
    for (double rate = 1000; rates.size() < 12; rate = Turn.next(rate)) {
      rates.add(rate);
    }
    assertThat(rates).containsExactly(1e3, 2e3, 5e3, 1e4, 2e4, 5e4, 1e5, 2e5, 5e5, 1e6, 2e6, 3e6);
  }

  @Test
  void aTurnOfTheQuickFormTakesLessThanHalfOfAFullOne() {
    assertThat(Turn.usual(LoadOptions.quick()).multipliedBy(2))
        .isLessThan(Turn.usual(LoadOptions.full()));
  }

  @ParameterizedTest
  @ValueSource(ints = {-1, 1, 251})
  void aNumberOfIdleDevicesThatCannotBeIsRefused(int devices) {
    assertThatThrownBy(() -> LoadOptions.quick().withIdleDevices(devices))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(Integer.toString(devices));
  }

  @Test
  void aHostThatAdaptsHasLoopsAsTheyAreByDefault() {
    List<Path> sockets = List.of(Path.of("/run/a.sock"), Path.of("/run/b.sock"));
    var adapting = ConfigFactory.parseString(HostFile.connecting(sockets, null));
    assertThat(adapting.hasPath("loops")).isFalse();
    assertThat(adapting.getString("buses.vm1.connector.vhost-user.socket"))
        .isEqualTo("/run/b.sock");
    assertThat(adapting.getString("buses.vm0.connector.vhost-user.role")).isEqualTo("client");
    var spinning = ConfigFactory.parseString(HostFile.connecting(sockets, Duration.ofHours(1)));
    assertThat(spinning.getDuration("loops.spin").toHours()).isEqualTo(1);
  }
}
