/// Capture of the frames that cross switch ports, as a pcapng file.
///
/// ```
///   SwitchPort "vm1" --FrameTap--+   +----+----+----+----+   writer thread   +-------------+
///   SwitchPort "vm2" --FrameTap--+-->|    |    |    |    |------------------>| x.pcapng    |
///   (on the poll loops)          |   +----+----+----+----+                   | SHB IDB EPB |
///                                +-- full: counted as dropped (ISB) -------->| ... ISB     |
///                                                                            +-------------+
/// ```
///
/// The loops copy frames into a ring and never wait for the disk; a thread of the capture writes
/// them, and flushes as soon as it has nothing to do, so that a reader that follows the file sees
/// frames within milliseconds.
///
/// {@snippet :
/// try (var capture = PcapngCapture.open(Path.of("lan.pcapng"))) {
///   port.tap(capture.addInterface(port.name()));
///   // ...
///   port.tap(null);
/// }
/// }
package org.vbus.venet.capture;
