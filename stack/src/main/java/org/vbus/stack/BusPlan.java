package org.vbus.stack;

import org.vbus.core.connector.SignalPolicy;

/// A bus to be made.
record BusPlan(
    String name, SignalPolicy signals, int slots, long ringFeatures, CoalesceConfig coalesce) {}
