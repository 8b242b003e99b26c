package org.vbus.devices.template;

import java.util.List;
import org.jspecify.annotations.Nullable;
import org.vbus.core.device.DeviceContext;
import org.vbus.core.device.DeviceModel;
import org.vbus.core.device.DeviceSpec;
import org.vbus.core.device.QueueSpec;
import org.vbus.core.ring.Chain;
import org.vbus.core.ring.VirtQueue;

/// The device to copy when you write one, and a useful one: it answers each request with the
/// request's own bytes, as many as fit.
///
/// One queue of requests. The readable part of a chain is the request, the writable part takes the
/// response. The virtio id is one the specification leaves to experiments, so no driver of an
/// operating system binds to it.
public final class TemplateDevice implements DeviceModel {
  /// Virtio device id, outside of the registered ones.
  public static final int DEVICE_ID = 0x3f00;

  private static final int REQUESTS = 0;
  private static final int QUEUE_SIZE = 256;

  /// Longest response. Descriptors may name the same memory again and again, so without a bound a
  /// small guest could make the loop copy gigabytes per request.
  private static final int LONGEST = 1 << 16;

  private final DeviceSpec spec =
      new DeviceSpec(
          DEVICE_ID, "template", List.of(new QueueSpec("requests", QUEUE_SIZE, true)), 0);
  private final Chain chain = new Chain();
  private @Nullable VirtQueue requests;

  /// A device that is not started.
  public TemplateDevice() {}

  @Override
  public DeviceSpec spec() {
    return spec;
  }

  @Override
  public void start(DeviceContext context) {
    requests = context.enabled(REQUESTS) ? context.queue(REQUESTS) : null;
  }

  @Override
  public int poll(int queue, int budget) {
    VirtQueue from = requests;
    int done = 0;
    while (from != null && done < budget && from.peek(chain)) {
      from.complete(chain, respond());
      done++;
    }
    return done;
  }

  /// Copies the request into the response.
  ///
  /// @return bytes written
  private int respond() {
    int written = 0;
    for (int i = 0; i < chain.readablePieces() && written < LONGEST; i++) {
      int len = Math.min(chain.length(i), LONGEST - written);
      written += chain.write(written, chain.segment(i), chain.offset(i), len);
    }
    return written;
  }

  @Override
  public void stop() {
    requests = null;
  }
}
