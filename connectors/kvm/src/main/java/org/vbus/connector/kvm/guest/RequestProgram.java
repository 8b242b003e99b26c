package org.vbus.connector.kvm.guest;

import java.lang.foreign.MemorySegment;

/// A guest that makes requests of devices which answer with the request's own bytes, and looks at
/// what comes back.
///
/// It sets the devices up, enters [GuestState#READY] and halts until [GuestControl] allows
/// requests. In the loop that follows all work is done outside of interrupt handlers, which only
/// note it:
///
/// ```
///   DIRECT   vector of a device -> its bit;            bits -> serve those devices; none -> halt
///   RING     vector of a level  -> mask the rings;     events -> serve what they name; none -> unmask, halt
///   POLLED   none;                                     all devices, for ever
/// ```
public final class RequestProgram implements GuestProgram {
  private final RequestOptions options;

  /// A guest of these options.
  public RequestProgram(RequestOptions options) {
    this.options = options;
  }

  @Override
  public GuestEntry install(MemorySegment memory) {
    GuestImage image = new GuestImage(memory);
    RequestCode code = new RequestCode(image, options);
    SetupCode setup = new SetupCode(image, options, code.devices());
    switch (options.policy()) {
      case DIRECT -> {
        code.writeInterrupts();
        setup.writeBus();
        setup.writeDevices();
        code.writeDirect();
      }
      case RING -> {
        EventBlock block = EventBlock.allocate(image, options.levelCount(), options.devices());
        BusEvents events = new BusEvents(image, block, code.devices(), code.serve());
        RingCode rings = new RingCode(image, block, events);
        rings.writeInterrupts();
        setup.writeBus();
        events.writeRegister();
        setup.writeDevices();
        code.writeRing(rings);
      }
      case POLLED -> {
        setup.writeBus();
        setup.writeDevices();
        code.writePolled();
      }
    }
    code.writeFinish(() -> {});
    return image.finish();
  }
}
