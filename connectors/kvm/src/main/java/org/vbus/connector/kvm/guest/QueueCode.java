package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.x86.Condition.ABOVE_OR_EQUAL;
import static org.vbus.connector.kvm.x86.Condition.BELOW;
import static org.vbus.connector.kvm.x86.Condition.BELOW_OR_EQUAL;
import static org.vbus.connector.kvm.x86.Condition.EQUAL;
import static org.vbus.connector.kvm.x86.Condition.NOT_EQUAL;
import static org.vbus.connector.kvm.x86.Condition.NOT_ZERO;
import static org.vbus.connector.kvm.x86.Condition.ZERO;
import static org.vbus.connector.kvm.x86.Memory.dwordAt;
import static org.vbus.connector.kvm.x86.Memory.qwordAt;
import static org.vbus.connector.kvm.x86.Memory.wordAt;
import static org.vbus.connector.kvm.x86.Register.R10;
import static org.vbus.connector.kvm.x86.Register.R13;
import static org.vbus.connector.kvm.x86.Register.R8;
import static org.vbus.connector.kvm.x86.Register.R9;
import static org.vbus.connector.kvm.x86.Register.RAX;
import static org.vbus.connector.kvm.x86.Register.RBX;
import static org.vbus.connector.kvm.x86.Register.RCX;
import static org.vbus.connector.kvm.x86.Register.RDX;

import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.connector.kvm.x86.Size;
import org.vbus.core.ring.SplitLayout;

/// Driver half of a split queue (2.7) in machine code: three subroutines on the device whose
/// [DeviceBlock] RBX names. R13 holds the requests per device; RAX, RCX, RDX and R8 to R10 change.
final class QueueCode {
  private final Assembler a;
  private final GuestCode guest;
  private final RequestOptions options;
  private final DeviceBlock block;
  private final long unfinished;
  private final Label finish;
  private final Label collect;
  private final Label submit;

  /// @param unfinished address of the number of devices that are not done
  /// @param finish where to go when that is zero
  QueueCode(GuestImage image, RequestOptions options, long unfinished, Label finish) {
    this.a = image.code();
    this.guest = image.guestCode();
    this.options = options;
    this.block = new DeviceBlock(options.queueSize(), options.bytes());
    this.unfinished = unfinished;
    this.finish = finish;
    this.collect = writeCollect();
    this.submit = writeSubmit();
  }

  /// Takes the answers there are.
  Label collect() {
    return collect;
  }

  /// Publishes batches as long as there is room for a whole one and the host allows it.
  Label submit() {
    return submit;
  }

  private Label writeCollect() {
    Label next = a.label("next answer");
    Label bad = a.label("bad answer");
    Label none = a.label("no more answers");
    Label unchanged = a.label("nothing collected");
    int last = options.bytes() - Long.BYTES;

    final Label entry = a.mark("collect");
    a.mov(R8, qwordAt(RBX, DeviceBlock.ANSWERED));
    // [MO-GUEST-3] ACQUIRE used.idx; x86 loads are. Partner: MO-SQ-2, the device's release
    // (2.7.14).
    // Orders: the index before the used elements and the answers.
    a.mov(RCX, wordAt(RBX, block.used() + SplitLayout.IDX));
    a.bind(next);
    a.movzx(R9, R8, Size.WORD);
    a.cmp(R9, RCX);
    a.jcc(EQUAL, none);
    a.inc(R8);
    a.and(R9, block.size() - 1);
    a.mov(RAX, qwordAt(RBX, block.used() + SplitLayout.RING).plus(R9, Long.BYTES));
    a.cmp(RAX, qwordAt(RBX, block.expected()).plus(R9, Long.BYTES));
    a.jcc(NOT_EQUAL, bad);
    a.and(R9, block.depth() - 1);
    a.shl(R9, block.bufferShift());
    a.cmp(R8, qwordAt(RBX, block.answers()).plus(R9, 1));
    a.jcc(NOT_EQUAL, bad);
    a.cmp(R8, qwordAt(RBX, block.answers() + last).plus(R9, 1));
    a.jcc(EQUAL, next);
    a.bind(bad);
    guest.count(GuestCounter.BAD_ANSWERS);
    a.jmp(next);

    a.bind(none);
    a.cmp(R8, qwordAt(RBX, DeviceBlock.ANSWERED));
    a.jcc(EQUAL, unchanged);
    a.mov(qwordAt(RBX, DeviceBlock.ANSWERED), R8);
    a.mov(RAX, qwordAt(RBX, DeviceBlock.ANSWERED_LINE));
    a.mov(qwordAt(RAX, 0), R8);
    a.cmp(R8, R13);
    a.jcc(NOT_EQUAL, unchanged);
    a.dec(qwordAt(unfinished));
    a.jcc(ZERO, finish);
    a.bind(unchanged);
    a.ret();
    return entry;
  }

  private Label writeSubmit() {
    Label allowed = a.label("allowed");
    Label batch = a.label("batch");
    Label fill = a.label("fill");
    Label none = a.label("no submission");
    int last = options.bytes() - Long.BYTES;

    final Label entry = a.mark("submit");
    a.mov(R8, qwordAt(RBX, DeviceBlock.SUBMITTED));
    a.mov(RCX, qwordAt(GuestControl.ALLOWED));
    a.cmp(RCX, R13);
    a.jcc(BELOW_OR_EQUAL, allowed);
    a.mov(RCX, R13);
    a.bind(allowed);
    a.sub(RCX, R8);
    a.jcc(BELOW_OR_EQUAL, none);
    a.cmp(RCX, options.batch());
    a.jcc(BELOW_OR_EQUAL, batch);
    a.mov(RCX, options.batch());
    a.bind(batch);
    a.mov(RAX, qwordAt(RBX, DeviceBlock.ANSWERED));
    a.add(RAX, block.depth());
    a.sub(RAX, R8);
    a.cmp(RAX, RCX);
    a.jcc(BELOW, none);
    a.mov(R10, R8);
    a.bind(fill);
    a.mov(R9, R8);
    a.and(R9, block.depth() - 1);
    a.shl(R9, block.bufferShift());
    a.inc(R8);
    a.mov(qwordAt(RBX, block.requests()).plus(R9, 1), R8);
    a.mov(qwordAt(RBX, block.requests() + last).plus(R9, 1), R8);
    a.dec(RCX);
    a.jcc(NOT_ZERO, fill);
    a.mov(qwordAt(RBX, DeviceBlock.SUBMITTED), R8);
    a.mov(RAX, R8);
    // [MO-GUEST-4] FULL avail.idx, by xchg. Partners: MO-SQ-1, the device's acquire, and MO-SQ-4,
    // its fence between asking for kicks and looking again (2.7.13.4.1).
    // Orders: requests before the index, the index before our look at avail_event or used.flags.
    a.xchg(wordAt(RBX, block.avail() + SplitLayout.IDX), RAX);
    writeKick(entry);
    a.bind(none);
    a.ret();
    return entry;
  }

  /// Kicks if the device wants it. R8: requests published now, R10: before.
  private void writeKick(Label next) {
    Label suppressed = a.label("kick suppressed");
    switch (options.suppression()) {
      case NONE -> {}
      case FLAGS -> {
        a.test(wordAt(RBX, block.used() + SplitLayout.FLAGS), SplitLayout.USED_F_NO_NOTIFY);
        a.jcc(NOT_ZERO, suppressed);
      }
      case EVENT_INDEX -> {
        // (u16) (now - event - 1) < (u16) (now - before)
        a.mov(RAX, wordAt(RBX, block.used() + SplitLayout.availEvent(block.size())));
        a.mov(R9, R8);
        a.sub(R9, RAX);
        a.dec(R9);
        a.movzx(R9, R9, Size.WORD);
        a.sub(R8, R10);
        a.cmp(R9, R8);
        a.jcc(ABOVE_OR_EQUAL, suppressed);
      }
    }
    a.mov(RDX, qwordAt(RBX, DeviceBlock.DOORBELL));
    switch (options.doorbell()) {
      case REGISTER -> a.mov(dwordAt(RDX, 0), 0);
      case PORT -> {
        a.mov(RAX, qwordAt(RBX, DeviceBlock.KICK_VALUE));
        a.outDword();
      }
    }
    guest.count(GuestCounter.KICKS);
    a.jmp(next);
    if (options.suppression() != Suppression.NONE) {
      a.bind(suppressed);
      guest.count(GuestCounter.KICKS_SUPPRESSED);
      a.jmp(next);
    }
  }

  /// What to do when the device signalled: collects, submits, and asks for the next signal; a
  /// device that has more by then is added to those that need service.
  ///
  /// @param pending address of the word with a bit per such device
  Label writeServe(long pending) {
    final Label entry = a.mark("serve");
    int flags = block.avail() + SplitLayout.FLAGS;
    if (options.suppression() == Suppression.FLAGS) {
      a.mov(wordAt(RBX, flags), SplitLayout.AVAIL_F_NO_INTERRUPT);
    }
    a.call(collect);
    a.call(submit);
    // [MO-GUEST-5] FULL used_event or avail.flags, by xchg. Partner: MO-SQ-3, the device's fence
    // between used.idx and its look at them. Orders: our request for signals before our second
    // look.
    switch (options.suppression()) {
      case NONE -> {}
      case FLAGS -> {
        a.xor(RAX, RAX);
        a.xchg(wordAt(RBX, flags), RAX);
        lookAgain(pending);
      }
      case EVENT_INDEX -> {
        a.mov(RAX, qwordAt(RBX, DeviceBlock.ANSWERED));
        a.xchg(wordAt(RBX, block.avail() + SplitLayout.usedEvent(block.size())), RAX);
        lookAgain(pending);
      }
    }
    a.ret();
    return entry;
  }

  private void lookAgain(long pending) {
    Label nothing = a.label("nothing new");
    a.mov(RAX, wordAt(RBX, block.used() + SplitLayout.IDX));
    a.mov(RCX, wordAt(RBX, DeviceBlock.ANSWERED));
    a.cmp(RAX, RCX);
    a.jcc(EQUAL, nothing);
    a.mov(RAX, qwordAt(RBX, DeviceBlock.BIT));
    a.or(qwordAt(pending), RAX);
    a.bind(nothing);
  }
}
