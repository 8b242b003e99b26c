package org.vbus.shm;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.shm.Explorer.Mutation;
import org.vbus.shm.Explorer.Order;
import org.vbus.shm.SteppedMemory.Access;

/// Steps the real code of both sides through every interleaving of small worlds: no wake-up is lost
/// and no slot is written by a side that does not own it. Then seeds bugs, one at a time, and
/// expects each to be found.
class InterleavingTest {
  private static final int NORTH = 0;
  private static final int SOUTH = 1;

  private static final String LOST = "lost wake-up";
  private static final String TRESPASS = "the other side owns";

  private static final long BARE_NORTH_ENABLED = 8;
  private static final long BARE_NORTH_PENDING = 9;
  private static final long BARE_NORTH_DIRTY = 10;
  private static final long TABLE_NORTH_PENDING = 9;

  private static final EventGeometry ONE_SOURCE = new EventGeometry(1, 1, 1);
  private static final EventGeometry TWO_SOURCES = new EventGeometry(1, 2, 2);
  private static final EventGeometry TWO_LEVELS = new EventGeometry(2, 1, 2);
  private static final EventGeometry TOO_SMALL = new EventGeometry(1, 1, 2);

  record World(String name, Scenario scenario) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<World> worlds() {
    return List.of(
        new World(
            "bare signal, wakeup", new BareSignalScenario(BareSignalScenario.Receiver.WAKEUP, 3)),
        new World(
            "bare signal, polling", new BareSignalScenario(BareSignalScenario.Receiver.POLLING, 3)),
        new World("one ring, two events", new DirectRingScenario(2)),
        new World("one source twice", napi(ONE_SOURCE, 0, 0)),
        new World("two sources", napi(TWO_SOURCES, 0, 1)),
        new World("polling driver", pollingDriver(ONE_SOURCE, 0, 0)),
        new World("two levels", napi(TWO_LEVELS, 0, 1)),
        new World("full ring", napi(TOO_SMALL, 0, 1)),
        new World("ring full of a device event", napi(TOO_SMALL, ~0, 1)));
  }

  static List<World> largerWorlds() {
    return List.of(
        new World("one ring, three events", new DirectRingScenario(3)),
        new World("one source three times", napi(ONE_SOURCE, 0, 0, 0)),
        new World("two sources, one twice", napi(TWO_SOURCES, 0, 1, 0)),
        new World("two levels, low twice", napi(TWO_LEVELS, 1, 0, 1)),
        new World("full ring, one twice", napi(TOO_SMALL, 0, 1, 0)));
  }

  private static Scenario napi(EventGeometry geometry, int... order) {
    return new EventsScenario(EventsScenario.Receiver.NAPI, geometry, order);
  }

  private static Scenario pollingDriver(EventGeometry geometry, int... order) {
    return new EventsScenario(EventsScenario.Receiver.NAPI_AND_POLLING_DRIVER, geometry, order);
  }

  @ParameterizedTest
  @MethodSource({"worlds", "largerWorlds"})
  void noWakeUpIsLostUnderTotalStoreOrder(World world) {
    Explorer.Outcome outcome = world.scenario.explore(Order.TSO, Mutation.NONE, "");
    assertThat(outcome.violation()).isNull();
    assertThat(outcome.rests()).isPositive();
  }

  @ParameterizedTest
  @MethodSource("worlds")
  void noWakeUpIsLostWhenOnlyReleasesKeepStoresInOrder(World world) {
    Explorer.Outcome outcome = world.scenario.explore(Order.PSO, Mutation.NONE, "");
    assertThat(outcome.violation()).isNull();
    assertThat(outcome.rests()).isPositive();
  }

  /// A seeded bug and why it is one.
  record Bug(String name, Scenario scenario, Order order, Mutation mutation, String damage) {
    @Override
    public String toString() {
      return name;
    }
  }

  static List<Bug> bugs() {
    List<Bug> bugs = new ArrayList<>();
    Scenario bare = new BareSignalScenario(BareSignalScenario.Receiver.WAKEUP, 2);
    Scenario bareThree = new BareSignalScenario(BareSignalScenario.Receiver.WAKEUP, 3);
    Scenario direct = new DirectRingScenario(2);
    Scenario polling = new BareSignalScenario(BareSignalScenario.Receiver.POLLING, 2);
    Scenario one = napi(ONE_SOURCE, 0, 0);
    Scenario two = napi(TWO_SOURCES, 0, 1);
    Scenario full = napi(TOO_SMALL, 0, 1);
    Scenario fullOfDrop = napi(TOO_SMALL, ~0, 1);

    bugs.add(
        new Bug(
            "wakeup ends without a second look: a change between look and pending = 0 is coalesced",
            new BareSignalScenario(BareSignalScenario.Receiver.WAKEUP_WITHOUT_SECOND_LOOK, 2),
            Order.TSO,
            Mutation.NONE,
            LOST));
    bugs.add(
        new Bug(
            "north sleeps without a second look: an event after the last drain, before unmasking, stays",
            new EventsScenario(EventsScenario.Receiver.NO_SECOND_LOOK, TWO_SOURCES, 0, 1),
            Order.TSO,
            Mutation.NONE,
            LOST));
    bugs.add(
        new Bug(
            "a source's pending is cleared after its handler: a change in between is coalesced",
            new EventsScenario(EventsScenario.Receiver.FINISH_AFTER_HANDLER, ONE_SOURCE, 0, 0),
            Order.TSO,
            Mutation.NONE,
            LOST));
    bugs.add(
        noFence(
            "MO-SIG-2 missing, bare signal: south reads pending before its change is visible",
            bare,
            SOUTH,
            BARE_NORTH_DIRTY));
    bugs.add(
        noFence(
            "MO-SIG-2 missing, ring: south reads enabled before its event is visible",
            two,
            SOUTH,
            ring(TWO_SOURCES, 18)));
    bugs.add(
        noFence(
            "MO-SIG-2 missing, north's kick: north reads enabled before its pop is visible",
            fullOfDrop,
            NORTH,
            ring(TOO_SMALL, 21)));
    bugs.add(
        noFence(
            "MO-SIG-3 missing: pending = 1 becomes visible after the receiver cleared it, and stays",
            bare,
            SOUTH,
            BARE_NORTH_PENDING));
    bugs.add(
        noFence(
            "MO-SIG-4 missing: a poller looks at dirty before it is seen unmasked",
            polling,
            NORTH,
            BARE_NORTH_ENABLED));
    bugs.add(
        noFence(
            "MO-SIG-5 missing: a source is looked at before its pending = 0 is visible",
            one,
            NORTH,
            TABLE_NORTH_PENDING));
    bugs.add(
        noFence(
            "MO-SIG-6 missing: dirty = 0 lands on a change that the look before it did not see",
            bareThree,
            NORTH,
            BARE_NORTH_DIRTY));
    bugs.add(
        noFence(
            "MO-EVT-1 missing: north looks at its ring before it is seen unmasked",
            direct,
            NORTH,
            18));
    bugs.add(
        noFence(
            "MO-EVT-2 missing: north looks at its rings before it is seen unmasked",
            two,
            NORTH,
            ring(TWO_SOURCES, 18)));
    bugs.add(
        noFence(
            "MO-EVT-3 missing: south looks for room before it is seen waiting",
            full,
            SOUTH,
            ring(TOO_SMALL, 21)));
    bugs.add(
        new Bug(
            "the owner byte becomes visible before the event",
            one,
            Order.TSO,
            new Mutation() {
              @Override
              public boolean hastens(int side, Access store) {
                return side == SOUTH && store.off() == ring(ONE_SOURCE, 56 + 25);
              }
            },
            TRESPASS));
    bugs.add(
        relaxed(
            "MO-IOQ-1 relaxed: descriptors change hands before their contents",
            one,
            ring(ONE_SOURCE, 56 + 25),
            TRESPASS));
    bugs.add(
        relaxed(
            "MO-SIG-1 relaxed: dirty is taken before the change is visible",
            bareThree,
            BARE_NORTH_DIRTY,
            LOST));
    bugs.add(
        relaxed(
            "MO-SIG-7 relaxed: dirty stays set with nothing under way (harmless to the event ring itself)",
            two,
            ring(TWO_SOURCES, 18),
            "dirty at rest"));
    return bugs;
  }

  private static long ring(EventGeometry geometry, long off) {
    return geometry.ringOffset(0) + off;
  }

  private static Bug noFence(String name, Scenario scenario, int side, long lastStore) {
    return new Bug(
        name,
        scenario,
        Order.TSO,
        new Mutation() {
          @Override
          public boolean drops(int fencing, Access last) {
            return fencing == side && last.off() == lastStore;
          }
        },
        LOST);
  }

  private static Bug relaxed(String name, Scenario scenario, long off, String damage) {
    return new Bug(
        name,
        scenario,
        Order.PSO,
        new Mutation() {
          @Override
          public boolean relaxes(int side, Access store) {
            return store.off() == off;
          }
        },
        damage);
  }

  @ParameterizedTest
  @MethodSource("bugs")
  void aSeededBugIsFound(Bug bug) {
    Explorer.Outcome outcome = bug.scenario.explore(bug.order, bug.mutation, bug.damage);
    assertThat(outcome.violation()).isNotNull();
  }
}
