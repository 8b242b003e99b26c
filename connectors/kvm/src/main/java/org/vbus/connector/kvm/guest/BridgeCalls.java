package org.vbus.connector.kvm.guest;

import static org.vbus.connector.kvm.x86.Condition.NEGATIVE;
import static org.vbus.connector.kvm.x86.Condition.NOT_EQUAL;
import static org.vbus.connector.kvm.x86.Memory.dwordAt;
import static org.vbus.connector.kvm.x86.Memory.qwordAt;
import static org.vbus.connector.kvm.x86.Register.R8;
import static org.vbus.connector.kvm.x86.Register.RAX;
import static org.vbus.connector.kvm.x86.Register.RBX;
import static org.vbus.connector.kvm.x86.Register.RCX;
import static org.vbus.connector.kvm.x86.Register.RDX;

import org.vbus.connector.kvm.KvmLayout;
import org.vbus.connector.kvm.bridge.BridgeAbi;
import org.vbus.connector.kvm.x86.Assembler;
import org.vbus.connector.kvm.x86.Label;
import org.vbus.connector.kvm.x86.Register;

/// Calls of the historical bridge in machine code. Arguments are blocks of the guest's memory, made
/// here; the result is in R8, a number of 32 bits. RAX, RBX, RCX and RDX change.
final class BridgeCalls {
  private static final int FASTCALL = 0;

  // Places in arguments: vbus ABI, sections 2 and 3.
  private static final int FASTCALL_RESULT = 16;
  private static final int CALL_HANDLE = 0;
  private static final int CALL_FUNCTION = 8;
  private static final int CALL_LENGTH = 12;
  private static final int CALL_DATA = 24;

  private final Assembler a;
  private final GuestCode guest;
  private final long fastCall;
  private final long description;
  private final long deviceCall;
  private final long data;

  BridgeCalls(GuestImage image) {
    this.a = image.code();
    this.guest = image.guestCode();
    this.fastCall = image.allocate(BridgeAbi.FASTCALL_SIZE, GuestCounters.LINE);
    this.description = image.allocate(BridgeAbi.CALL_DESC_SIZE, GuestCounters.LINE);
    this.deviceCall = image.allocate(BridgeAbi.DEVCALL_SIZE, GuestCounters.LINE);
    this.data = image.allocate(BridgeAbi.IDENTIFY_SIZE, GuestCounters.LINE);
  }

  /// Address of what [#device(int, int)] takes and gives.
  long data() {
    return data;
  }

  /// A bridge call.
  void bridge(int call, int length, long argument) {
    a.mov(RBX, KvmLayout.BRIDGE_CALLS);
    guest.write(RBX, BridgeAbi.CALL_VECTOR, call);
    guest.write(RBX, BridgeAbi.CALL_LEN, length);
    guest.write(RBX, BridgeAbi.CALL_DATAP, (int) argument);
    guest.write(RBX, BridgeAbi.CALL_DATAP + 4, 0);
    a.mov(R8, dwordAt(RBX, 0));
  }

  /// A hypercall the slow way.
  void slow(int call, int length, long argument) {
    describe(description, call, length, argument);
    bridge(BridgeAbi.SLOWCALL, BridgeAbi.CALL_DESC_SIZE, description);
  }

  /// Makes [#fast(int, int, long)] possible.
  void addFastCall() {
    describe(description, FASTCALL, BridgeAbi.FASTCALL_SIZE, fastCall);
    bridge(BridgeAbi.FASTCALL_ADD, BridgeAbi.CALL_DESC_SIZE, description);
    must();
  }

  /// A hypercall by one write to a port.
  void fast(int call, int length, long argument) {
    describe(fastCall, call, length, argument);
    a.mov(dwordAt(fastCall + FASTCALL_RESULT), -1);
    a.mov(RAX, FASTCALL);
    a.mov(RDX, KvmLayout.BRIDGE_SIGNALS + BridgeAbi.SIGNAL_FASTCALL);
    a.outDword();
    a.mov(R8, dwordAt(fastCall + FASTCALL_RESULT));
  }

  /// Names the device of the calls that follow.
  void handle(Register handle) {
    a.mov(qwordAt(deviceCall + CALL_HANDLE), handle);
  }

  /// Address of that handle.
  long handle() {
    return deviceCall + CALL_HANDLE;
  }

  /// A function of the device, with so many bytes of data.
  void device(int function, int length) {
    a.mov(dwordAt(deviceCall + CALL_FUNCTION), function);
    a.mov(dwordAt(deviceCall + CALL_LENGTH), length);
    a.mov(qwordAt(deviceCall + CALL_DATA), data);
    fast(BridgeAbi.DEVCALL, BridgeAbi.DEVCALL_SIZE, deviceCall);
  }

  /// Writes the device's status, which has to be taken.
  void status(int status) {
    a.mov(dwordAt(data), status);
    device(BridgeAbi.SET_STATUS, Integer.BYTES);
    a.cmp(R8, status);
    guest.panicIf(NOT_EQUAL, GuestPanic.NO_FEATURES);
  }

  /// Gives up when the last call failed.
  void must() {
    testResult();
    guest.panicIf(NEGATIVE, GuestPanic.CALL_FAILED);
  }

  /// Goes to `target` when the last call failed.
  void failed(Label target) {
    testResult();
    a.jcc(NEGATIVE, target);
  }

  private void testResult() {
    a.mov(RCX, R8);
    a.shl(RCX, Integer.SIZE);
  }

  private void describe(long at, int call, int length, long argument) {
    a.mov(dwordAt(at + BridgeAbi.CALL_VECTOR), call);
    a.mov(dwordAt(at + BridgeAbi.CALL_LEN), length);
    a.mov(qwordAt(at + BridgeAbi.CALL_DATAP), argument);
  }
}
