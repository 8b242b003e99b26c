/// Bus, devices, rings, connector contract, poll loops and the exit ledger.
@org.jspecify.annotations.NullMarked
module org.vbus.core {
  requires static transitive org.jspecify;
  requires transitive org.vbus.shm;
  requires org.slf4j;

  exports org.vbus.core.bus;
  exports org.vbus.core.connector;
  exports org.vbus.core.device;
  exports org.vbus.core.feature;
  exports org.vbus.core.ledger;
  exports org.vbus.core.loop;
  exports org.vbus.core.memory;
  exports org.vbus.core.ring;
}
