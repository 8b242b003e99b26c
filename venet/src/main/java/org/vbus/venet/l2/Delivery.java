package org.vbus.venet.l2;

import org.jspecify.annotations.Nullable;

/// What a [Port] did with a frame. All but [#DELIVERED], [#QUEUED] and [#SEGMENTED] are drops.
public enum Delivery {
  /// The station has it. Only the loop that owns the port may say so.
  DELIVERED(null),
  /// Accepted for the port's own loop, which will count the outcome.
  QUEUED(null),
  /// Cut into segments, the outcome of each of which the port has counted itself.
  SEGMENTED(null),
  /// The station has said that it does not want such frames.
  FILTERED(DropReason.FILTERED),
  /// The station has offered no receive buffer.
  NO_BUFFER(DropReason.NO_BUFFER),
  /// Longer than the port's receive buffers or its inbox take.
  TOO_BIG(DropReason.TOO_BIG),
  /// The link is down, or the station has not started its driver.
  LINK_DOWN(DropReason.LINK_DOWN),
  /// The port's inbox is full: its loop does not keep up.
  QUEUE_FULL(DropReason.QUEUE_FULL),
  /// The port failed: a broken queue, an error of the host's I/O.
  PORT_ERROR(DropReason.PORT_ERROR);

  private final @Nullable DropReason dropReason;

  Delivery(@Nullable DropReason dropReason) {
    this.dropReason = dropReason;
  }

  /// The reason to count, or null if the frame was accepted.
  public @Nullable DropReason dropReason() {
    return dropReason;
  }

  /// Whether the port took the frame.
  public boolean accepted() {
    return dropReason == null;
  }
}
