package org.vbus.venet.offload;

import org.jspecify.annotations.Nullable;
import org.vbus.venet.l2.Delivery;
import org.vbus.venet.l2.Frame;
import org.vbus.venet.l2.Offload;
import org.vbus.venet.l2.Port;
import org.vbus.venet.l2.SwitchPort;

/// Does for a port what its station does not accept, and delivers complete frames to it.
///
/// Used by the loop that owns the port's queue. What does the work is made for the first frame that
/// needs it, since most ports never see one and its lists of pieces are long; after that nothing is
/// allocated.
public final class SoftwareOffload {
  private final Port complete;
  private final SwitchPort port;
  private @Nullable Completion completion;
  private @Nullable Segmenter segmenter;

  /// @param complete takes frames to which nothing is left to be done, whatever their offload says
  /// @param port where segments are counted
  public SoftwareOffload(Port complete, SwitchPort port) {
    this.complete = complete;
    this.port = port;
  }

  /// Delivers the frame, or its segments: as many as there is room for, the rest is lost.
  public Delivery deliver(Frame frame) {
    long offload = frame.offload();
    if (!Offload.needsChecksum(offload)) {
      return complete.deliver(frame);
    }
    if (!Offload.isSegmented(offload)) {
      return complete.deliver(completion().of(frame));
    }
    Segmenter cut = segmenter();
    if (!cut.begin(frame)) {
      // The sender has changed the headers since they were checked.
      return Delivery.PORT_ERROR;
    }
    while (cut.hasNext()) {
      Frame segment = cut.next();
      port.count(complete.deliver(segment), segment.length());
    }
    return Delivery.SEGMENTED;
  }

  private Completion completion() {
    Completion made = completion;
    if (made == null) {
      made = new Completion();
      completion = made;
    }
    return made;
  }

  private Segmenter segmenter() {
    Segmenter made = segmenter;
    if (made == null) {
      made = new Segmenter();
      segmenter = made;
    }
    return made;
  }
}
