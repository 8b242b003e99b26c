/// What a user does with `./vbus`, done by tests: real kernels, real frames, real signals.
///
/// ```
///   kernel stack A -- tap -- switch a -- virtio-net -- guest `forward` -- virtio-net -- switch b -- tap -- kernel stack B
///   (namespace A)     '------------------------- one ./vbus host ------------------------------'     (namespace B)
/// ```
package org.vbus.tests.system;
