/// The virtio network device and the ports of its switch.
///
/// ```
///   guest A            switch                        guest B
///   VenetDevice.TX --> L2Switch.forward --deliver--> VenetDevice.RX
///                          '--deliver--> TapPort --> host kernel
/// ```
///
/// `l2` knows frames and no rings; this package knows both.
package org.vbus.venet;
