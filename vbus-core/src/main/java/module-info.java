/// Bus, devices, rings, connector contract, poll loops and the exit ledger.
@org.jspecify.annotations.NullMarked
module org.vbus.core {
  requires static transitive org.jspecify;
  requires transitive org.vbus.shm;
  requires org.slf4j;
}
