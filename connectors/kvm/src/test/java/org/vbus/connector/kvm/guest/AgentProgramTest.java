package org.vbus.connector.kvm.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.vbus.connector.kvm.KvmLayout;
import org.vbus.connector.kvm.guest.AgentMailbox.Operation;
import org.vbus.core.bus.BusRegisters;
import org.vbus.core.bus.DeviceRegisters;
import org.vbus.core.connector.SignalPolicy;

@Timeout(60)
class AgentProgramTest {
  private static final String READY = Integer.toString(GuestState.READY.code());
  private static final String COMMAND_DONE = Integer.toString(AgentProgram.COMMAND_DONE);

  private static TestMachine agent() throws Exception {
    TestMachine machine = new TestMachine(new AgentProgram(), SignalPolicy.DIRECT, 1).start();
    assertThat(machine.report()).isEqualTo(READY);
    return machine;
  }

  private static long does(TestMachine machine, Operation operation, long place, long value)
      throws Exception {
    AgentMailbox mailbox = new AgentMailbox(machine.memory);
    mailbox.post(operation, place, value);
    machine.interrupt(Vectors.CONTROL);
    assertThat(machine.report()).isEqualTo(COMMAND_DONE);
    assertThat(mailbox.done()).isTrue();
    return mailbox.value();
  }

  @Test
  void readsAndWritesRegisters() throws Exception {
    try (TestMachine machine = agent()) {
      long bus = KvmLayout.window(0);
      long device = KvmLayout.window(1);
      assertThat(does(machine, Operation.read(4), bus + BusRegisters.MAGIC, 0))
          .isEqualTo(BusRegisters.MAGIC_VALUE);
      assertThat(does(machine, Operation.read(4), device + DeviceRegisters.DEVICE_ID, 0))
          .isEqualTo(EchoDevice.ID);
      long _ = does(machine, Operation.write(4), device + DeviceRegisters.STATUS, 3);
      assertThat(does(machine, Operation.read(4), device + DeviceRegisters.STATUS, 0)).isEqualTo(3);
      assertThat(does(machine, Operation.read(1), device + DeviceRegisters.DEVICE_ID, 0)).isZero();
    }
  }

  @Test
  void sleepsBetweenCommands() throws Exception {
    try (TestMachine machine = agent()) {
      for (int halts = 1; halts <= 3; halts++) {
        while (machine.counters.get(GuestCounter.HALTS) < halts) {
          Thread.onSpinWait();
        }
        long _ = does(machine, Operation.READ_32, GuestImage.HEAP, 0);
      }
      assertThat(machine.counters.get(GuestCounter.CONTROL_INTERRUPTS)).isEqualTo(3);
    }
  }

  @Test
  void accessesItsMemoryInEverySize() throws Exception {
    try (TestMachine machine = agent()) {
      long at = GuestImage.HEAP;
      for (int bytes = 1; bytes <= 8; bytes *= 2) {
        long _ = does(machine, Operation.WRITE_64, at, -1);
        long _ = does(machine, Operation.write(bytes), at, 0x0102030405060708L);
        long kept = bytes == 8 ? 0 : -1L << (8 * bytes);
        long written = 0x0102030405060708L & (bytes == 8 ? -1 : (1L << (8 * bytes)) - 1);
        assertThat(does(machine, Operation.READ_64, at, 0)).isEqualTo(kept | written);
        assertThat(does(machine, Operation.read(bytes), at, 0)).isEqualTo(written);
      }
    }
  }

  @Test
  void writesPorts() throws Exception {
    try (TestMachine machine = agent()) {
      AgentMailbox mailbox = new AgentMailbox(machine.memory);
      mailbox.post(Operation.OUT, KvmLayout.REPORT_PORT, 0x1234);
      machine.interrupt(Vectors.CONTROL);
      assertThat(machine.report()).isEqualTo("4660");
      assertThat(machine.report()).isEqualTo(COMMAND_DONE);
    }
  }

  @Test
  void tellsOfEveryVector() throws Exception {
    try (TestMachine machine = agent()) {
      AgentMailbox mailbox = new AgentMailbox(machine.memory);
      for (int vector = KvmLayout.FIRST_VECTOR; vector < Vectors.CONTROL; vector++) {
        machine.interrupt(vector);
        assertThat(machine.report()).isEqualTo(Integer.toString(vector));
        long[] taken = mailbox.takeVectors();
        assertThat(taken[vector / 64]).isEqualTo(1L << vector);
      }
      assertThat(mailbox.takeVectors()).containsOnly(0);
      assertThat(does(machine, Operation.READ_32, GuestImage.HEAP, 0)).isZero();
    }
  }

  @Test
  void refusesAccessesThatNoProcessorMakes() {
    assertThatIllegalArgumentException().isThrownBy(() -> Operation.read(3));
    assertThatIllegalArgumentException().isThrownBy(() -> Operation.write(16));
  }
}
