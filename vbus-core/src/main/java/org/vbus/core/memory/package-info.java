/// Guest memory as devices and rings see it.
///
/// ```
///   gpa, len --> GuestMemory.find --> MemoryRegion (segment, offset)   or null: refused
/// ```
///
/// This package defines how memory is consumed, never how it is provided: connectors map, grant or
/// copy. `gpa` is a guest-physical address, `off` an offset into a segment; the two meet only here.
package org.vbus.core.memory;
