package org.vbus.connector.kvm.x86;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatIllegalArgumentException;
import static org.assertj.core.api.Assertions.assertThatIllegalStateException;
import static org.vbus.connector.kvm.x86.Memory.byteAt;
import static org.vbus.connector.kvm.x86.Memory.dwordAt;
import static org.vbus.connector.kvm.x86.Memory.qwordAt;
import static org.vbus.connector.kvm.x86.Memory.wordAt;
import static org.vbus.connector.kvm.x86.Register.*;

import java.util.HexFormat;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The bytes of every form, and what a disassembler of somebody else makes of them.
class AssemblerTest {
  private static final long ORIGIN = 0x10000;

  /// An instruction, its bytes, and its text as binutils prints it.
  record Form(String bytes, String text, Consumer<Assembler> emit) {
    byte[] code() {
      Assembler a = new Assembler(ORIGIN);
      emit.accept(a);
      return a.code();
    }

    @Override
    public String toString() {
      return text;
    }
  }

  private static Form form(String bytes, String text, Consumer<Assembler> emit) {
    return new Form(bytes, text, emit);
  }

  static final List<Form> FORMS =
      List.of(
          form("b8 78 56 34 12", "mov eax,0x12345678", a -> a.mov(RAX, 0x12345678)),
          form("41 b9 00 00 00 d0", "mov r9d,0xd0000000", a -> a.mov(R9, 0xd000_0000L)),
          form("48 c7 c0 ff ff ff ff", "mov rax,0xffffffffffffffff", a -> a.mov(RAX, -1)),
          form(
              "49 bf 88 77 66 55 44 33 22 11",
              "movabs r15,0x1122334455667788",
              a -> a.mov(R15, 0x1122334455667788L)),
          form("4c 89 e3", "mov rbx,r12", a -> a.mov(RBX, R12)),
          form("49 89 dc", "mov r12,rbx", a -> a.mov(R12, RBX)),
          form("0f b6 03", "movzx eax,BYTE PTR [rbx]", a -> a.mov(RAX, byteAt(RBX, 0))),
          form("44 0f b7 53 08", "movzx r10d,WORD PTR [rbx+0x8]", a -> a.mov(R10, wordAt(RBX, 8))),
          form(
              "8b 8b 34 12 00 00",
              "mov ecx,DWORD PTR [rbx+0x1234]",
              a -> a.mov(RCX, dwordAt(RBX, 0x1234))),
          form("4d 8b 47 f8", "mov r8,QWORD PTR [r15-0x8]", a -> a.mov(R8, qwordAt(R15, -8))),
          form(
              "48 8b 04 25 00 00 02 00",
              "mov rax,QWORD PTR ds:0x20000",
              a -> a.mov(RAX, qwordAt(0x20000))),
          form("8b 44 24 10", "mov eax,DWORD PTR [rsp+0x10]", a -> a.mov(RAX, dwordAt(RSP, 16))),
          form("49 8b 04 24", "mov rax,QWORD PTR [r12]", a -> a.mov(RAX, qwordAt(R12, 0))),
          form("48 8b 45 00", "mov rax,QWORD PTR [rbp+0x0]", a -> a.mov(RAX, qwordAt(RBP, 0))),
          form("49 8b 45 00", "mov rax,QWORD PTR [r13+0x0]", a -> a.mov(RAX, qwordAt(R13, 0))),
          form(
              "48 8b 44 cb 40",
              "mov rax,QWORD PTR [rbx+rcx*8+0x40]",
              a -> a.mov(RAX, qwordAt(RBX, 0x40).plus(RCX, 8))),
          form(
              "42 0f b7 44 4b 04",
              "movzx eax,WORD PTR [rbx+r9*2+0x4]",
              a -> a.mov(RAX, wordAt(RBX, 4).plus(R9, 2))),
          form(
              "46 8b 5c a5 00",
              "mov r11d,DWORD PTR [rbp+r12*4+0x0]",
              a -> a.mov(R11, dwordAt(RBP, 0).plus(R12, 4))),
          form(
              "48 8b 04 cd 00 50 00 00",
              "mov rax,QWORD PTR [rcx*8+0x5000]",
              a -> a.mov(RAX, new Memory(Size.QWORD, null, RCX, 8, 0x5000))),
          form("88 43 01", "mov BYTE PTR [rbx+0x1],al", a -> a.mov(byteAt(RBX, 1), RAX)),
          form("40 88 73 01", "mov BYTE PTR [rbx+0x1],sil", a -> a.mov(byteAt(RBX, 1), RSI)),
          form("44 88 4b 01", "mov BYTE PTR [rbx+0x1],r9b", a -> a.mov(byteAt(RBX, 1), R9)),
          form(
              "42 88 7c 0b 01",
              "mov BYTE PTR [rbx+r9*1+0x1],dil",
              a -> a.mov(byteAt(RBX, 1).plus(R9, 1), RDI)),
          form("66 44 89 43 02", "mov WORD PTR [rbx+0x2],r8w", a -> a.mov(wordAt(RBX, 2), R8)),
          form("89 17", "mov DWORD PTR [rdi],edx", a -> a.mov(dwordAt(RDI, 0), RDX)),
          form(
              "48 89 14 25 08 00 02 00",
              "mov QWORD PTR ds:0x20008,rdx",
              a -> a.mov(qwordAt(0x20008), RDX)),
          form("c6 46 19 01", "mov BYTE PTR [rsi+0x19],0x1", a -> a.mov(byteAt(RSI, 25), 1)),
          form(
              "66 c7 46 02 ff ff",
              "mov WORD PTR [rsi+0x2],0xffff",
              a -> a.mov(wordAt(RSI, 2), 0xffff)),
          form(
              "41 c7 46 50 ff ff ff ff",
              "mov DWORD PTR [r14+0x50],0xffffffff",
              a -> a.mov(dwordAt(R14, 0x50), 0xffffffffL)),
          form(
              "48 c7 47 08 ff ff ff ff",
              "mov QWORD PTR [rdi+0x8],0xffffffffffffffff",
              a -> a.mov(qwordAt(RDI, 8), -1)),
          form("40 0f b6 c6", "movzx eax,sil", a -> a.movzx(RAX, RSI, Size.BYTE)),
          form("45 0f b6 c8", "movzx r9d,r8b", a -> a.movzx(R9, R8, Size.BYTE)),
          form("45 0f b7 c8", "movzx r9d,r8w", a -> a.movzx(R9, R8, Size.WORD)),
          form("44 89 c0", "mov eax,r8d", a -> a.movzx(RAX, R8, Size.DWORD)),
          form("4c 89 c0", "mov rax,r8", a -> a.movzx(RAX, R8, Size.QWORD)),
          form("48 8d b7 90 00 00 00", "lea rsi,[rdi+0x90]", a -> a.lea(RSI, qwordAt(RDI, 0x90))),
          form("48 8d 04 9b", "lea rax,[rbx+rbx*4]", a -> a.lea(RAX, byteAt(RBX, 0).plus(RBX, 4))),
          form(
              "48 87 04 25 10 00 02 00",
              "xchg QWORD PTR ds:0x20010,rax",
              a -> a.xchg(qwordAt(0x20010), RAX)),
          form("66 44 87 43 02", "xchg WORD PTR [rbx+0x2],r8w", a -> a.xchg(wordAt(RBX, 2), R8)),
          form("40 86 73 09", "xchg BYTE PTR [rbx+0x9],sil", a -> a.xchg(byteAt(RBX, 9), RSI)),
          form("53", "push rbx", a -> a.push(RBX)),
          form("41 54", "push r12", a -> a.push(R12)),
          form("41 5c", "pop r12", a -> a.pop(R12)),
          form("5b", "pop rbx", a -> a.pop(RBX)),
          form("48 83 c6 20", "add rsi,0x20", a -> a.add(RSI, 32)),
          form("48 81 c7 90 00 00 00", "add rdi,0x90", a -> a.add(RDI, 144)),
          form("48 81 c8 00 00 00 20", "or rax,0x20000000", a -> a.or(RAX, 0x20000000)),
          form(
              "48 83 0c 25 10 00 02 00 7f",
              "or QWORD PTR ds:0x20010,0x7f",
              a -> a.or(qwordAt(0x20010), 0x7f)),
          form(
              "81 0c 25 10 00 02 00 45 23 01 00",
              "or DWORD PTR ds:0x20010,0x12345",
              a -> a.or(dwordAt(0x20010), 0x12345)),
          form("80 4b 01 80", "or BYTE PTR [rbx+0x1],0x80", a -> a.or(byteAt(RBX, 1), 0x80)),
          form("4c 09 53 08", "or QWORD PTR [rbx+0x8],r10", a -> a.or(qwordAt(RBX, 8), R10)),
          form("40 08 6b 08", "or BYTE PTR [rbx+0x8],bpl", a -> a.or(byteAt(RBX, 8), RBP)),
          form(
              "f0 83 4c 24 f8 00",
              "lock or DWORD PTR [rsp-0x8],0x0",
              a -> a.lock().or(dwordAt(RSP, -8), 0)),
          form("49 83 e1 3f", "and r9,0x3f", a -> a.and(R9, 63)),
          form("48 81 e0 ff ff 00 00", "and rax,0xffff", a -> a.and(RAX, 0xffff)),
          form("48 21 d0", "and rax,rdx", a -> a.and(RAX, RDX)),
          form("4c 29 c1", "sub rcx,r8", a -> a.sub(RCX, R8)),
          form("31 c0", "xor eax,eax", a -> a.xor(RAX, RAX)),
          form("45 31 c9", "xor r9d,r9d", a -> a.xor(R9, R9)),
          form("48 31 d0", "xor rax,rdx", a -> a.xor(RAX, RDX)),
          form("48 39 c8", "cmp rax,rcx", a -> a.cmp(RAX, RCX)),
          form("48 83 f8 08", "cmp rax,0x8", a -> a.cmp(RAX, 8)),
          form("48 81 f8 45 23 01 00", "cmp rax,0x12345", a -> a.cmp(RAX, 0x12345)),
          form(
              "4e 3b 84 0b 00 01 00 00",
              "cmp r8,QWORD PTR [rbx+r9*1+0x100]",
              a -> a.cmp(R8, qwordAt(RBX, 0x100).plus(R9, 1))),
          form("66 44 3b 43 02", "cmp r8w,WORD PTR [rbx+0x2]", a -> a.cmp(R8, wordAt(RBX, 2))),
          form("40 3a 73 02", "cmp sil,BYTE PTR [rbx+0x2]", a -> a.cmp(RSI, byteAt(RBX, 2))),
          form("80 7e 19 00", "cmp BYTE PTR [rsi+0x19],0x0", a -> a.cmp(byteAt(RSI, 25), 0)),
          form(
              "66 81 7e 02 34 12",
              "cmp WORD PTR [rsi+0x2],0x1234",
              a -> a.cmp(wordAt(RSI, 2), 0x1234)),
          form(
              "81 3c 25 20 00 02 00 76 62 75 73",
              "cmp DWORD PTR ds:0x20020,0x73756276",
              a -> a.cmp(dwordAt(0x20020), 0x73756276)),
          form(
              "48 81 3b 45 23 01 00",
              "cmp QWORD PTR [rbx],0x12345",
              a -> a.cmp(qwordAt(RBX, 0), 0x12345)),
          form("48 85 c0", "test rax,rax", a -> a.test(RAX, RAX)),
          form("4c 85 c9", "test rcx,r9", a -> a.test(RCX, R9)),
          form("f6 03 01", "test BYTE PTR [rbx],0x1", a -> a.test(byteAt(RBX, 0), 1)),
          form("66 f7 03 01 00", "test WORD PTR [rbx],0x1", a -> a.test(wordAt(RBX, 0), 1)),
          form(
              "f7 03 00 00 04 00",
              "test DWORD PTR [rbx],0x40000",
              a -> a.test(dwordAt(RBX, 0), 0x40000)),
          form("49 ff c0", "inc r8", a -> a.inc(R8)),
          form("48 ff 04 25 40 00 02 00", "inc QWORD PTR ds:0x20040", a -> a.inc(qwordAt(0x20040))),
          form("fe 03", "inc BYTE PTR [rbx]", a -> a.inc(byteAt(RBX, 0))),
          form("48 ff c9", "dec rcx", a -> a.dec(RCX)),
          form("ff 4b 04", "dec DWORD PTR [rbx+0x4]", a -> a.dec(dwordAt(RBX, 4))),
          form("49 c1 e1 08", "shl r9,0x8", a -> a.shl(R9, 8)),
          form("48 c1 e8 20", "shr rax,0x20", a -> a.shr(RAX, 32)),
          form(
              "f0 48 0f ab 04 25 00 01 02 00",
              "lock bts QWORD PTR ds:0x20100,rax",
              a -> a.lock().bts(qwordAt(0x20100), RAX)),
          form("48 0f b3 c8", "btr rax,rcx", a -> a.btr(RAX, RCX)),
          form("48 0f bc c8", "bsf rcx,rax", a -> a.bsf(RCX, RAX)),
          form("ff e0", "jmp rax", a -> a.jmp(RAX)),
          form("41 ff e1", "jmp r9", a -> a.jmp(R9)),
          form("c3", "ret", a -> a.ret()),
          form("fa", "cli", a -> a.cli()),
          form("fb", "sti", a -> a.sti()),
          form("f4", "hlt", a -> a.hlt()),
          form("f3 90", "pause", a -> a.pause()),
          form("48 cf", "iretq", a -> a.iretq()),
          form("ef", "out dx,eax", a -> a.outDword()),
          form("ee", "out dx,al", a -> a.outByte()),
          form("ed", "in eax,dx", a -> a.inDword()),
          form("0f 32", "rdmsr", a -> a.rdmsr()),
          form("0f 30", "wrmsr", a -> a.wrmsr()),
          form("0f 01 1c 25 00 02 02 00", "lidt ds:0x20200", a -> a.lidt(qwordAt(0x20200))),
          form("0f 0b", "ud2", a -> a.ud2()));

  static List<Form> forms() {
    return FORMS;
  }

  @ParameterizedTest
  @MethodSource("forms")
  void writesTheBytesOfAnInstruction(Form form) {
    assertThat(HexFormat.ofDelimiter(" ").formatHex(form.code())).isEqualTo(form.bytes());
  }

  @Test
  void meansWhatADisassemblerReads() throws Exception {
    Disassembler objdump = Disassembler.required();
    Assembler a = new Assembler(ORIGIN);
    FORMS.forEach(form -> form.emit().accept(a));
    assertThat(objdump.disassemble(a.code(), ORIGIN))
        .containsExactlyElementsOf(FORMS.stream().map(Form::text).toList());
  }

  @Test
  void jumpsBackAndAheadOverAnyDistance() throws Exception {
    Assembler a = new Assembler(ORIGIN);
    Label end = a.label("end");
    Label start = a.mark("start");
    a.jmp(end);
    a.jcc(Condition.NOT_ZERO, start);
    a.call(start);
    for (int i = 0; i < 5000; i++) {
      a.hlt();
    }
    a.bind(end);
    a.jcc(Condition.BELOW, end);
    byte[] code = a.code();
    assertThat(a.address(end)).isEqualTo(ORIGIN + 16 + 5000);
    assertThat(HexFormat.of().formatHex(code, 0, 16))
        .isEqualTo("e993130000" + "0f85f5ffffff" + "e8f0ffffff");
    assertThat(HexFormat.of().formatHex(code, code.length - 6, code.length))
        .isEqualTo("0f82faffffff");
    List<String> text = Disassembler.required().disassemble(code, ORIGIN);
    assertThat(text.subList(0, 3)).containsExactly("jmp 0x11398", "jne 0x10000", "call 0x10000");
    assertThat(text.getLast()).isEqualTo("jb 0x11398");
  }

  @Test
  void knowsWhereItIs() {
    Assembler a = new Assembler(ORIGIN);
    a.pause();
    assertThat(a.address(a.mark("here"))).isEqualTo(ORIGIN + 2);
  }

  @Test
  void refusesALabelThatIsNowhereOrInTwoPlaces() {
    Assembler a = new Assembler(ORIGIN);
    Label nowhere = a.label("nowhere");
    a.jmp(nowhere);
    assertThatIllegalStateException().isThrownBy(a::code).withMessageContaining("nowhere");
    Label twice = a.mark("twice");
    assertThatIllegalStateException()
        .isThrownBy(() -> a.bind(twice))
        .withMessageContaining("twice");
  }

  @Test
  void refusesOperandsThatNoInstructionHas() {
    assertThatIllegalArgumentException()
        .isThrownBy(() -> new Memory(Size.BYTE, RAX, RBX, 3, 0))
        .withMessageContaining("not 3");
    assertThatIllegalArgumentException().isThrownBy(() -> byteAt(RAX, 0).plus(RSP, 1));
    assertThatIllegalArgumentException().isThrownBy(() -> new Memory(Size.BYTE, null, null, 1, -1));
    Assembler a = new Assembler(ORIGIN);
    assertThatIllegalArgumentException()
        .isThrownBy(() -> a.mov(byteAt(RAX, 0), 0x100))
        .withMessageContaining("BYTE");
    assertThatIllegalArgumentException().isThrownBy(() -> a.mov(wordAt(RAX, 0), 0x10000));
    assertThatIllegalArgumentException().isThrownBy(() -> a.mov(qwordAt(RAX, 0), 1L << 31));
    assertThatIllegalArgumentException().isThrownBy(() -> Size.of(3));
  }
}
