package org.vbus.core.loop;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PollLoopRemovalTest {
  /// The rotating start may stand behind what is left after a removal.
  @ParameterizedTest
  @ValueSource(ints = {0, 1, 2, 3, 4, 5})
  void whateverPassItWasThoseThatAreLeftArePolledOncePerPass(int passes) {
    List<Integer> polled = new ArrayList<>();
    PollLoop loop = new PollLoop("rotating", new ParkWaiter(), Idle.BLOCK);
    List<Pollable> all = new ArrayList<>();
    for (int i = 0; i < 4; i++) {
      int number = i;
      Pollable pollable =
          budget -> {
            polled.add(number);
            return 1;
          };
      all.add(pollable);
      loop.add(pollable);
    }
    for (int i = 0; i < passes; i++) {
      loop.doWork();
    }
    loop.remove(all.get(0));
    loop.remove(all.get(2));
    for (int pass = 0; pass < 5; pass++) {
      polled.clear();
      loop.doWork();
      assertThat(polled).containsExactlyInAnyOrder(1, 3);
    }
    loop.close();
  }
}
