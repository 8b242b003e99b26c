/// The part of Linux that vbus needs, as small Java objects. No other module makes a native call.
///
/// ```
///   Tap ---- TapOptions          SharedMemory        EventFd      Epoll       DeviceNodes
///    |  \                             |                 |           |              |
///    |   NetNamespace, InterfaceControl (open only)     |           |              |
///    v                                v                 v           v              v
///   Fd: owns a descriptor, closes it once, never under a call in flight     CpuAffinity
///    |                                                                        |
///   LibC: the method handles; every call returns its result or a negative errno
/// ```
///
/// Virtual machines are [org.vbus.linux.Kvm] and what it makes.
///
/// Two error styles, by cost. Opening and configuring throws [org.vbus.linux.SystemCallException],
/// whose message is one line for a user: what, the errno, the call, what to do. Moving data
/// (`read`, `write`, `await`) returns a count or a negative [org.vbus.linux.Errno] and allocates
/// nothing.
///
/// Everything starts at a static factory, and each of those fails with one clear line where
/// [org.vbus.linux.Linux#supported()] is false. No class here starts a thread that outlives the
/// call.
package org.vbus.linux;
