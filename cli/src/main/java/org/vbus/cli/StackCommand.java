package org.vbus.cli;

/// A command that keeps a stack up until it is told to end.
interface StackCommand {
  /// Runs until then.
  ///
  /// @return the exit status
  /// @throws Exception when it cannot be started
  int run() throws Exception;

  /// Ends it; any thread.
  void end();
}
