package io.github.fdsock.harness;

import io.github.fdsock.sys.Errno;
import jdk.jfr.Category;
import jdk.jfr.Description;
import jdk.jfr.Enabled;
import jdk.jfr.Event;
import jdk.jfr.Label;
import jdk.jfr.Name;

/// A call as an event of JDK Flight Recorder. Loaded only where somebody asks for events: the module that it needs may
/// be absent.
@Name("fdsock.Call")
@Label("Call")
@Category({"fdsock"})
@Description("A call of a C function through Libc, in strace's notation")
@Enabled(false)
final class CallEvent extends Event {
    @Label("Function")
    private String call;

    @Label("Arguments")
    private String arguments;

    @Label("Result")
    private long result;

    @Label("Errno")
    private String errno;

    @Label("Injected")
    private boolean injected;

    static final Trace.Sink SINK = new Trace.Sink() {
        @Override
        public Object begin() {
            final CallEvent event = new CallEvent();
            if (!event.isEnabled()) {
                return null;
            }
            event.begin();
            return event;
        }

        @Override
        public void end(final Object begun, final Trace.Entry entry) {
            final CallEvent event = (CallEvent) begun;
            event.end();
            if (event.shouldCommit()) {
                event.call = entry.call().name();
                event.arguments = String.join(", ", entry.arguments());
                event.result = entry.result();
                event.errno = entry.result() < 0 ? Errno.name((int) -entry.result()) : null;
                event.injected = entry.injected();
                event.commit();
            }
        }

        /// An event is one of the thread that commits it.
        @Override
        public void unfinished(final Object begun, final Trace.Entry entry) {
        }
    };
}
