/// KVM: the guest is a virtual machine of the host's kernel, entered and left by one thread.
///
/// ```
///   guest (vCPU)                                        host
///     mov [window], register --- exit, stopped ------->  vCPU thread: BusEndpoint.read/write
///     out kick port --- exit, or ioeventfd ----------->  PollLoop.wake
///     interrupt table <--- MSI by irqfd or ioctl ------  SignalPolicy of the endpoint
///     memory from 0 up <====== shared ===============>   GuestMemory
/// ```
package org.vbus.connector.kvm;
