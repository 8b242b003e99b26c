package org.vbus.bench.load;

import java.time.Duration;

/// What is offered in one step.
///
/// @param rate frames per second
/// @param reflect whether the second guest sends them back; else they end there
/// @param interrupts whether guests take interrupts; else they poll
/// @param warmUp the same load before the window, without a look
/// @param window in which is measured
record Offer(double rate, boolean reflect, boolean interrupts, Duration warmUp, Duration window) {}
