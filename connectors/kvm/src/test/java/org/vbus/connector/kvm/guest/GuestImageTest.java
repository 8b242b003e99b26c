package org.vbus.connector.kvm.guest;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.vbus.core.memory.LittleEndian.INT;
import static org.vbus.core.memory.LittleEndian.LONG;
import static org.vbus.core.memory.LittleEndian.SHORT;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.vbus.connector.kvm.x86.Disassembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.core.connector.SignalPolicy;

/// The tables as a processor reads them; needs no KVM.
class GuestImageTest {
  private final MemorySegment memory = Arena.ofAuto().allocate(4L << 20, 4096);

  /// Walks the page tables like a processor in 64-bit mode.
  private long translate(long cr3, long address) {
    long table = cr3;
    for (int shift = 39; shift >= 21; shift -= 9) {
      long entry = memory.get(LONG, table + (address >>> shift & 511) * 8);
      assertThat(entry & 3).as("present and writable at 0x%x", address).isEqualTo(3);
      if (shift == 21) {
        assertThat(entry & 0x80).as("large page").isNotZero();
        assertThat((entry & 0x18) != 0).as("uncached").isEqualTo(address >= 0xc000_0000L);
        return (entry & 0x000f_ffff_ffe0_0000L) + (address & 0x1f_ffff);
      }
      table = entry & 0x000f_ffff_ffff_f000L;
    }
    throw new AssertionError();
  }

  private long handler(GuestEntry entry, int vector) {
    long gate = entry.mode().idtBase() + 16L * vector;
    assertThat(memory.get(SHORT, gate + 2)).isEqualTo((short) entry.mode().codeSelector());
    assertThat(memory.get(SHORT, gate + 4)).isEqualTo((short) 0x8e00);
    return (memory.get(SHORT, gate) & 0xffffL)
        | (memory.get(SHORT, gate + 6) & 0xffffL) << 16
        | (long) memory.get(INT, gate + 8) << 32;
  }

  @Test
  void mapsTheFirstFourGibibytesToThemselves() {
    GuestEntry entry = new CalibrationProgram().install(memory);
    for (long address :
        new long[] {0, 0x10000, 0x1f_ffff, 0x20_0000, 0x4000_0000L, 0xd000_1234L, 0xffff_ffffL}) {
      assertThat(translate(entry.mode().cr3(), address)).isEqualTo(address);
    }
  }

  @Test
  void describesSegmentsOf64BitMode() {
    GuestEntry entry = new CalibrationProgram().install(memory);
    long gdt = entry.mode().gdtBase();
    assertThat(memory.get(LONG, gdt)).isZero();
    assertThat(memory.get(LONG, gdt + entry.mode().codeSelector()) >>> 53 & 3)
        .as("L without D")
        .isEqualTo(1);
    assertThat(memory.get(LONG, gdt + entry.mode().taskSelector()) >>> 40 & 0xff).isEqualTo(0x8b);
    assertThat(entry.mode().gdtLimit() + 1).isEqualTo(entry.mode().taskSelector() + 16);
    assertThat(entry.mode().idtLimit() + 1).isEqualTo(256 * 16);
    assertThat(entry.registers().rsp() % 16).isZero();
  }

  @Test
  void hasAnEntryForEachVector() {
    GuestImage image = new GuestImage(memory);
    Label handler = image.code().mark("handler");
    image.code().iretq();
    image.vector(0x42, handler);
    image.entry();
    image.guestCode().haltForever();
    GuestEntry entry = image.finish();
    assertThat(handler(entry, 0x42)).isEqualTo(GuestImage.CODE);
    assertThat(entry.registers().rip()).isEqualTo(GuestImage.CODE + 2);
    for (int vector = 0; vector < 256; vector++) {
      assertThat(handler(entry, vector)).isBetween(GuestImage.CODE, GuestImage.STACK_TOP);
    }
    // mov eax, vector
    assertThat(memory.get(ValueLayout.JAVA_BYTE, handler(entry, 14))).isEqualTo((byte) 0xb8);
    assertThat(memory.get(ValueLayout.JAVA_BYTE, handler(entry, 14) + 1)).isEqualTo((byte) 14);
    // The spurious vector only returns.
    assertThat(memory.get(ValueLayout.JAVA_SHORT_UNALIGNED, handler(entry, 0xff)))
        .isEqualTo((short) 0xcf48);
  }

  static List<GuestProgram> programs() {
    List<GuestProgram> all = new ArrayList<>(HostilePrograms.all());
    all.add(new AgentProgram());
    all.add(new CalibrationProgram());
    for (SignalPolicy policy : SignalPolicy.values()) {
      for (Suppression suppression : Suppression.values()) {
        RequestOptions options =
            RequestOptions.of(policy, EchoDevice.ID, 1).withSuppression(suppression);
        all.add(new RequestProgram(options.withLevels(0, 1, 7)));
        all.add(new BridgeProgram(options.withDoorbell(Doorbell.REGISTER)));
      }
    }
    return all;
  }

  /// From the first byte to the last: a wrong length of one instruction shifts all that follow.
  @ParameterizedTest
  @MethodSource("programs")
  void holdsOnlyInstructionsThatEveryKvmExecutes(GuestProgram program) throws Exception {
    program.install(memory);
    byte[] code = new byte[(int) (GuestImage.STACK_TOP - GuestImage.CODE)];
    MemorySegment.copy(memory, ValueLayout.JAVA_BYTE, GuestImage.CODE, code, 0, code.length);
    int length = code.length;
    while (code[length - 1] == 0) {
      length--;
    }
    // The last instruction jumps back to the halt before it: its distance ends in ff.
    List<String> text =
        Disassembler.required().disassemble(Arrays.copyOf(code, length), GuestImage.CODE);
    assertThat(text)
        .noneMatch(line -> line.matches(".*(\\(bad\\)|vmcall|vmmcall|[ml]fence|syscall|sysret).*"))
        .noneMatch(line -> line.equals("iret") || line.equals("iretd"));
    assertThat(text.getLast()).startsWith("jmp 0x");
    assertThat(text.get(text.size() - 2)).isEqualTo("hlt");
  }

  @Test
  void refusesMemoryThatIsTooSmall() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new CalibrationProgram().install(memory.asSlice(0, 0x10000)))
        .withMessageContaining("0x10000");
    RequestOptions large =
        RequestOptions.of(SignalPolicy.DIRECT, EchoDevice.ID, 1)
            .withDevices(64)
            .withDepth(64, 64)
            .withBytes(4096);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new RequestProgram(large).install(memory))
        .withMessageContaining("the program needs");
  }

  @Test
  void sharedPagesDoNotOverlap() {
    List<long[]> pages =
        List.of(
            new long[] {GuestImage.STACK_TOP, GuestImage.STACK_TOP},
            new long[] {GuestCounters.ADDRESS, GuestCounters.ADDRESS + GuestCounters.SIZE},
            new long[] {GuestControl.ADDRESS, GuestControl.ADDRESS + GuestControl.SIZE},
            new long[] {AgentMailbox.ADDRESS, AgentMailbox.ADDRESS + 0x1000},
            new long[] {GuestImage.HEAP, GuestImage.HEAP});
    for (int i = 1; i < pages.size(); i++) {
      assertThat(pages.get(i)[0]).isGreaterThanOrEqualTo(pages.get(i - 1)[1]);
    }
    GuestCounter last = GuestCounter.values()[GuestCounter.values().length - 1];
    assertThat(last.address()).isLessThan(GuestCounters.ADDRESS + GuestCounters.ANSWERED);
  }

  @Test
  void optionsRefuseWhatNoGuestCanDo() {
    RequestOptions good = RequestOptions.of(SignalPolicy.DIRECT, EchoDevice.ID, 1);
    assertThatIllegalArgumentException().isThrownBy(() -> good.withDevices(0));
    assertThatIllegalArgumentException().isThrownBy(() -> good.withDevices(65));
    assertThatIllegalArgumentException().isThrownBy(() -> good.withDepth(3, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> good.withDepth(4, 5));
    assertThatIllegalArgumentException().isThrownBy(() -> good.withBytes(12));
    assertThatIllegalArgumentException().isThrownBy(() -> good.withLevels(8));
    assertThatIllegalArgumentException().isThrownBy(() -> good.withLevels());
  }
}
