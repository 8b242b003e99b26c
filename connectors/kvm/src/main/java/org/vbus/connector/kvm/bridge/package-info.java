/// The historical vbus ABI, version 2, on its host side: a guest reaches the devices of a bus by
/// calls, one event queue with one interrupt, and signals in shared memory. No hypervisor in here:
/// whoever runs the guest forwards its accesses to [org.vbus.connector.kvm.bridge.Bridge].
///
/// ```
///   guest                                                      host
///    four words and a read of BAR 0 --- stopped -------------> Bridge: bridge calls, hypercalls
///    write of a handle to BAR 1 ----------------------------->   Region.kick -> VirtioDevice
///    event queue <-- DEVADD, DEVDROP, SHMSIGNAL, SHMCLOSE ---- EventQueue
///      only if the region's signal, then the queue's, wants it     |
///    interrupt <---------------------------------------------------+
/// ```
///
/// Frame, hypercalls, events and signals are those of the ABI, byte for byte. What it leaves to the
/// type of a device is virtio here, for every device: the type in DEVADD is the name of the device
/// type, such as `virtio-net`; the version in DEVOPEN is 1; functions and regions are as follows.
///
/// ## Functions (DEVCALL, flags 0)
///
/// | func | name | data | result and conditions |
/// |---|---|---|---|
/// | 0 | IDENTIFY | 16 bytes out: u32 virtio id, u32 number of queues, u32 bytes of configuration, u32 0 | 0 |
/// | 1 | FEATURES | u64 out: features offered | 0; never RING_PACKED and RING_RESET |
/// | 2 | ACCEPT | u64 in: features accepted | 0; -EINVAL for one that is not offered, and once FEATURES_OK is set |
/// | 3 | STATUS | none | the status field |
/// | 4 | SET_STATUS | u32 in | the status field afterwards, without FEATURES_OK if that was refused; 0 resets the device and closes its regions |
/// | 5 | CONFIG_READ | 16 bytes: u32 offset, u32 size (1, 2, 4, 8), u64 value out | 0; -EINVAL outside of the configuration |
/// | 6 | CONFIG_WRITE | the same, value in | the same |
/// | 7 | QUEUE_MAX | u32 in: queue | most entries; -ENOENT if there is no such queue |
/// | 8 | CONFIG_GENERATION | none | changes with the configuration, 31 bits |
///
/// ## Regions (DEVSHM, flags 0)
///
/// | id | region | signal |
/// |---|---|---|
/// | size << 16 \| queue | split virtqueue of `size` entries | used buffers; none if the driver polls |
/// | 0xffff | anything with a signal in it | configuration changed, or the device needs a reset; must have one |
///
/// A queue is registered once, between FEATURES_OK and DRIVER_OK, and is enabled by it. Address and
/// parts of its region are multiples of 64; up(n) is n rounded up to one:
///
/// | offset | size | part |
/// |---|---|---|
/// | 0 | 16 * size | descriptor table |
/// | up(16 * size) | 6 + 2 * size | avail ring |
/// | + up(6 + 2 * size) | 6 + 8 * size | used ring |
/// | + up(6 + 8 * size) or more | 16 | shm_signal_desc, at `signal.offset` |
///
/// The result of DEVSHM is the handle that kicks the queue. Whether a kick is wanted the used ring
/// says, as virtio has it: the host leaves its own half of the signal masked. Whether the guest is
/// told of used buffers the avail ring says first and north's half of the signal then, so a signal
/// has at most one SHMSIGNAL in the event queue. All else is the ABI's; where that leaves a choice:
///
/// | matter | here |
/// |---|---|
/// | device handle | the id of DEVADD, which DEVDROP carries too; the next device of a slot has another |
/// | one open at a time | -EEXIST for this guest's second DEVOPEN, -EBUSY if the device is attached elsewhere |
/// | SHMCLOSE | for each region with a signal, at DEVCLOSE, reset and unplugging; its handle is free again once the event is in the queue |
/// | priority of a signal | ignored: there is one event queue |
/// | full event queue | events are kept, in order, and go out when the guest has returned descriptors and signals that to `eventq`; south's half of the queue's signal asks for it |
/// | second QREG | -EEXIST; NEGOTIATE starts anew |
/// | descriptors of the event queue | descriptor `i` has to be that of event `i` |
/// | NEGOTIATE refused | the session goes on as it was |
/// | call descriptor | words out of order, or a read without four of them: -EINVAL; a read uses it up |
/// | FASTCALL_ADD | 256 slots; -EEXIST for one in use |
/// | FASTCALL_DROP | a u32 slot id, or a call_desc with the id as its vector |
/// | errors | -EINVAL malformed or not now, -EFAULT address outside of guest memory, -ENOENT no such thing, -EEXIST there already, -EBUSY not yours, -ENOSPC no handle left, -ENODEV bridge closed |
package org.vbus.connector.kvm.bridge;
