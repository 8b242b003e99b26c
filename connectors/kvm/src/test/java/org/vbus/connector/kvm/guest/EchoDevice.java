package org.vbus.connector.kvm.guest;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vbus.core.device.DeviceContext;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.device.DeviceSpec;
import org.vbus.core.device.QueueSpec;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;

/// Answers a request with its own bytes.
final class EchoDevice implements DeviceModel {
  static final int ID = 0x3f00;

  private final Chain chain = new Chain();
  private final MemorySegment corrupted = MemorySegment.ofArray(new byte[1]);
  private final int id;
  private volatile int corrupt = -1;
  private @Nullable VirtQueue requests;

  EchoDevice() {
    this(ID);
  }

  EchoDevice(int id) {
    this.id = id;
  }

  /// From now on this byte of each answer is wrong.
  void corrupt(int offset) {
    corrupt = offset;
  }

  @Override
  public DeviceSpec spec() {
    return new DeviceSpec(id, "template", List.of(new QueueSpec("requests", 256, true)), 0);
  }

  @Override
  public void start(DeviceContext context) {
    requests = context.enabled(0) ? context.queue(0) : null;
  }

  @Override
  public int poll(int queue, int budget) {
    VirtQueue from = requests;
    int done = 0;
    while (from != null && done < budget && from.peek(chain)) {
      int written = 0;
      for (int i = 0; i < chain.readablePieces(); i++) {
        written += chain.write(written, chain.segment(i), chain.offset(i), chain.length(i));
      }
      if (corrupt >= 0) {
        corrupted.set(ValueLayout.JAVA_BYTE, 0, (byte) 0x5a);
        int _ = chain.write(corrupt, corrupted, 0, 1);
      }
      from.complete(chain, written);
      done++;
    }
    return done;
  }

  @Override
  public void stop() {
    requests = null;
  }
}
