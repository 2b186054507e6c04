package io.github.fdsock.harness.control;

import io.github.fdsock.harness.FaultSyntaxException;
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
        try {
            stop();
        } finally {
            if (recording != null) {
                recording.run();
                recording = null;
            }
        }
    }

    @Override
    public synchronized void start(final String calls, final String file) throws IOException {
        final TraceStyle style = new TraceStyle(TraceStyle.PLAIN.limit(), true, true, true, 0);
        final Scope scope = calls.isEmpty() ? Scope.everything() : scope(calls);
        if (file.isEmpty()) {
            stop();
            trace = Trace.print(scope, style, System.err);
            return;
        }
        // Opened to see whether it can be, emptied when the running trace has written what was under way: that one may
        // have the same file.
        try (FileOutputStream _ = new FileOutputStream(file, true)) {
            stop();
            this.file = new PrintStream(new FileOutputStream(file), true, StandardCharsets.UTF_8);
        }
        trace = Trace.print(scope, style, this.file);
    }

    /// A client knows no exception but those of the JDK.
    private static Scope scope(final String calls) {
        try {
            return Scope.calls(calls);
        } catch (final FaultSyntaxException e) {
            throw new IllegalArgumentException(e.getMessage());
        }
    }

    @Override
    public synchronized String stop() {
        if (trace == null) {
            return "";
        }
        final Trace ended = trace;
        final PrintStream out = file;
        trace = null;
        file = null;
        try (out) {
            ended.close();
        }
        return ended.summary().toString();
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
