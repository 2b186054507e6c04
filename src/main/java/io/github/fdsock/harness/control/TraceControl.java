package io.github.fdsock.harness.control;

import java.lang.management.ManagementFactory;
import javax.management.InstanceAlreadyExistsException;
import javax.management.JMException;
import javax.management.ObjectName;

/// Lets a running process be traced from outside: by JMX, and by starting a recording of JDK Flight Recorder.
///
/// Nothing of it is there until [#register] is called: the first line of a program's `main` that wants to be looked at
/// later, or, for the `fdsock` command, the system property [#PROPERTY].
///
/// - An MBean, [#NAME], with the operations `start(calls, file)` and `stop()`: for JConsole, JDK Mission Control, or
///   any other client of JMX, which needs `jcmd PID ManagementAgent.start_local` at the most.
/// - Where the module `jdk.jfr` is there, a recording that enables the event `fdsock.Call` makes every call such an
///   event for as long as it runs: `jcmd PID JFR.start name=calls +fdsock.Call#enabled=true`.
///
/// Takes the module `java.management`, which not every runtime image has.
public final class TraceControl {
    /// Where it is registered.
    public static final String NAME = "io.github.fdsock:type=TraceControl";

    /// The system property that makes the `fdsock` command register it: `-Dfdsock.trace.control=true`.
    public static final String PROPERTY = "fdsock.trace.control";

    private TraceControl() {
    }

    /// Makes the process traceable from outside. A second call changes nothing.
    public static void register() {
        try {
            ManagementFactory.getPlatformMBeanServer().registerMBean(new TracedProcess(), new ObjectName(NAME));
        } catch (final InstanceAlreadyExistsException e) {
            // Done before.
        } catch (final JMException e) {
            throw new IllegalStateException(NAME, e);
        }
    }
}
