package org.vbus.cli;

import java.lang.module.ModuleDescriptor;
import picocli.CommandLine.IVersionProvider;

/// The version of this build, from its module.
final class Version implements IVersionProvider {
  /// For picocli.
  Version() {}

  static String text() {
    return Version.class
        .getModule()
        .getDescriptor()
        .version()
        .map(ModuleDescriptor.Version::toString)
        .orElse("unversioned");
  }

  @Override
  public String[] getVersion() {
    return new String[] {"vbus " + text()};
  }
}
