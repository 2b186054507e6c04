package io.github.fdsock.harness.control;

import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.Trace;
import io.github.fdsock.harness.TraceStyle;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import javax.management.MBeanRegistration;
import javax.management.MBeanServer;
import javax.management.ObjectName;

/// The MBean of [TraceControl]: at most one trace of the whole process, and the recordings that ask for calls.
final class TracedProcess implements TraceControlMXBean, MBeanRegistration {
    /// Ends the listening to Flight Recorder; null where there is none.
    private Runnable recording;

    private Trace trace;
    private PrintStream file;

    /// Keeps its name.
    @Override
    public ObjectName preRegister(final MBeanServer server, final ObjectName name) {
        return name;
    }

    /// Begins to listen to Flight Recorder.
    @Override
    public synchronized void postRegister(final Boolean done) {
        if (done && ModuleLayer.boot().findModule("jdk.jfr").isPresent()) {
            recording = CallRecording.follow();
        }
    }

    /// Leaves all of it to [#postDeregister], when it is certain.
    @Override
    public void preDeregister() {
        // Nothing yet.
    }

    /// Ends whatever runs: nothing is left of it.
    @Override
    public synchronized void postDeregister() {
        stop();
        if (recording != null) {
            recording.run();
            recording = null;
        }
    }

    @Override
    public synchronized void start(final String calls, final String file) throws IOException {
        final Scope scope = calls.isEmpty() ? Scope.everything() : Scope.calls(calls);
        final PrintStream out = file.isEmpty() ? null
                : new PrintStream(new FileOutputStream(file), true, StandardCharsets.UTF_8);
        stop();
        this.file = out;
        trace = Trace.print(scope, new TraceStyle(TraceStyle.PLAIN.limit(), true, true, true, 0),
                out == null ? System.err : out);
    }

    @Override
    public synchronized String stop() {
        if (trace == null) {
            return "";
        }
        trace.close();
        if (file != null) {
            file.close();
        }
        final String summary = getSummary();
        trace = null;
        file = null;
        return summary;
    }

    @Override
    public synchronized String getSummary() {
        return trace == null ? "" : trace.summary().toString();
    }

    @Override
    public synchronized boolean isRunning() {
        return trace != null;
    }
}
