package org.vbus.core.ledger;

import static org.assertj.core.api.Assertions.assertThat;

import org.junit.jupiter.api.Test;

class LedgerTest {
  @Test
  void exitsPerIoIsTheSumOfItsPartsPerCompletedRequest() {
    Ledger ledger = new Ledger();
    ledger.add(Event.KICKS, 3);
    ledger.add(Event.INTERRUPTS, 5);
    ledger.add(Event.REGISTER_ACCESSES, 7);
    ledger.add(Event.HALTS, 11);
    ledger.add(Event.SIGNALS, 1000);
    ledger.add(Event.IOS, 13);
    Tally tally = ledger.tally();

    assertThat(tally.exits()).isEqualTo(26);
    assertThat(tally.exitsPerIo()).isEqualTo(2.0);
    assertThat(tally.perIo(Event.HALTS)).isEqualTo(11.0 / 13);
    assertThat(Tally.zero().exitsPerIo()).isZero();
  }

  @Test
  void talliesAddUpAndSubtract() {
    Ledger ledger = new Ledger();
    ledger.add(Event.KICKS, 2);
    Tally earlier = ledger.tally();
    ledger.add(Event.KICKS, 5);

    assertThat(earlier.get(Event.KICKS)).isEqualTo(2);
    assertThat(ledger.tally().since(earlier).get(Event.KICKS)).isEqualTo(5);
    assertThat(ledger.tally().plus(earlier).get(Event.KICKS)).isEqualTo(9);
    assertThat(ledger.get(Event.KICKS)).isEqualTo(7);
  }
}
