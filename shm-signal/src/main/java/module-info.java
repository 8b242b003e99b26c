/// Notification state and rings in shared memory.
@org.jspecify.annotations.NullMarked
module org.vbus.shm {
  requires static transitive org.jspecify;

  exports org.vbus.shm;
}
