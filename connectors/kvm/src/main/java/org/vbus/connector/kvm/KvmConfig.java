package org.vbus.connector.kvm;

import org.vbus.stack.config.Bytes;
import org.vbus.stack.config.Default;
import org.vbus.stack.config.Doc;
import org.vbus.stack.config.Located;
import org.vbus.stack.config.Range;

/// A virtual machine under KVM.
///
/// @param guest the program it runs
/// @param memory bytes of its memory
/// @param kicks how its kicks arrive
/// @param interrupts how interrupts are raised in it
public record KvmConfig(
    @Default("idle") @Doc("program the guest runs") Located<String> guest,
    @Default("64MiB") @Bytes @Range(min = 2 << 20, max = 3L << 30) @Doc("memory of the guest")
        long memory,
    @Default("eventfd") @Doc("whether a kick stops the guest for vbus (trapped) or not (eventfd)")
        KickDelivery kicks,
    @Default("irqfd") @Doc("how interrupts are raised: by descriptor or by call")
        InterruptDelivery interrupts) {}
