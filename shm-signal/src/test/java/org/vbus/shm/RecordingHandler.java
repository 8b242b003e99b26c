package org.vbus.shm;

import java.util.ArrayList;
import java.util.List;

/// Remembers what it was told, as text.
class RecordingHandler implements EventHandler {
  final List<String> told = new ArrayList<>();

  @Override
  public void signal(long handle) {
    told.add("signal " + handle);
  }

  @Override
  public void deviceAdded(long id, String type) {
    told.add("added " + id + " " + type);
  }

  @Override
  public void deviceDropped(long handle) {
    told.add("dropped " + handle);
  }

  @Override
  public void signalClosed(long handle) {
    told.add("closed " + handle);
  }
}
