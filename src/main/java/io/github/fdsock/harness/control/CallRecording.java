package io.github.fdsock.harness.control;

import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.Trace;
import java.util.List;
import jdk.jfr.FlightRecorder;
import jdk.jfr.FlightRecorderListener;
import jdk.jfr.Recording;
import jdk.jfr.RecordingState;

/// Traces every call while a recording of Flight Recorder runs that asks for them. Loaded only where `jdk.jfr` is.
final class CallRecording implements FlightRecorderListener {
    private static final String ENABLED = "fdsock.Call#enabled";

    private Trace trace;

    private CallRecording() {
    }

    /// From now on, until what is returned runs.
    static Runnable follow() {
        final CallRecording listener = new CallRecording();
        FlightRecorder.addListener(listener);
        return listener::end;
    }

    private synchronized void end() {
        FlightRecorder.removeListener(this);
        follow(false);
    }

    @Override
    public synchronized void recordingStateChanged(final Recording changed) {
        final List<Recording> recordings = FlightRecorder.getFlightRecorder().getRecordings();
        final boolean wanted = recordings.stream().anyMatch(recording -> recording.getState() == RecordingState.RUNNING
                && "true".equals(recording.getSettings().get(ENABLED)));
        follow(wanted);
    }

    private void follow(final boolean wanted) {
        if (wanted && trace == null) {
            trace = Trace.events(Scope.everything());
        } else if (!wanted && trace != null) {
            trace.close();
            trace = null;
        }
    }
}
