package org.vbus.bench.report;

/// One step of a load, measured once.
///
/// @param cores how far apart the processors of guests and back-end were before it
/// @param offered frames per second
/// @param achieved frames per second that arrived
/// @param lost part of the frames sent that did not arrive
/// @param saturated whether less went through than was offered
/// @param cpu part of a processor that the back-end took
/// @param cpuNanos time that it took per frame it forwarded, nanoseconds
/// @param kicks that guests sent, per frame
/// @param calls that guests got, per frame
/// @param p50 latency from when a frame was due, microseconds
/// @param p99 the same
/// @param p999 the same
/// @param max the same
/// @param spare part of the time in which the guests had nothing to do
/// @param waited part of the time in which guests or back-end had no processor
public record LoadSample(
    String cores,
    double offered,
    double achieved,
    double lost,
    boolean saturated,
    double cpu,
    double cpuNanos,
    double kicks,
    double calls,
    double p50,
    double p99,
    double p999,
    double max,
    double spare,
    double waited) {

  /// More waiting than this and somebody else has run on one of the two processors.
  private static final double MOST_WAIT = 0.03;

  /// Less than this and the guests themselves are the limit.
  private static final double LEAST_SPARE = 0.05;

  /// Whether somebody else ran meanwhile.
  public boolean disturbed() {
    return waited > MOST_WAIT;
  }

  /// Whether the guests could not have sent or taken more.
  public boolean guestsAreTheLimit() {
    return saturated && spare < LEAST_SPARE;
  }
}
