package io.github.fdsock.harness.control;

import java.io.IOException;

/// A trace of the whole process, switched on and off from outside: the operations that a JMX client sees.
///
/// [TraceControl#register] makes it reachable.
public interface TraceControlMXBean {

    /// Begins a trace; one that runs already is ended.
    ///
    /// @param calls which calls, as `strace -e trace=` takes it; empty for all
    /// @param file where the lines go, which is made anew; empty for standard error
    /// @throws IOException if it cannot be opened
    /// @throws IllegalArgumentException if there is no such set of calls
    void start(String calls, String file) throws IOException;

    /// Ends the trace, if one runs.
    ///
    /// @return the table of its calls; empty if none has run
    String stop();

    /// How often and how long which calls were made so far.
    ///
    /// @return the table of `strace -c`; empty if no trace runs
    String getSummary();

    /// Whether a trace runs.
    ///
    /// @return whether it does
    boolean isRunning();
}
