package org.vbus.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Spec;

/// `vbus doctor`: what this machine offers each connector, and what to do about what it lacks.
@Command(
    name = "doctor",
    mixinStandardHelpOptions = true,
    description = "Says what this machine offers each connector, and what to do about the rest.")
final class DoctorCommand implements Callable<Integer> {
  @Spec private CommandSpec spec = CommandSpec.create();

  DoctorCommand() {}

  @Override
  public Integer call() {
    new Doctor(spec.commandLine().getOut()).examine();
    return 0;
  }
}
