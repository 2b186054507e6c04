package io.github.fdsock.loop;

import static io.github.fdsock.sys.Constants.ECHILD;
import static io.github.fdsock.sys.Constants.EPOLLET;
import static io.github.fdsock.sys.Constants.EPOLLIN;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.ExitStatus;
import io.github.fdsock.PidFd;
import java.io.Closeable;
import java.io.IOException;

/// Waits for the end of one process: made by [EventLoop#onExit].
///
/// Used on the loop's thread only.
public final class ExitWatch implements Closeable {
    /// Is told how a process ended.
    @FunctionalInterface
    public interface ExitHandler {
        /// Called once.
        ///
        /// @param status how it ended; null where that is not to be known: it was no child of this process, or somebody
        ///         else has waited for it
        /// @throws IOException ends [EventLoop#run] with it
        void exited(ExitStatus status) throws IOException;
    }

    private final Registration registration;

    private ExitWatch(final Registration registration) {
        this.registration = registration;
    }

    static ExitWatch of(final EventLoop loop, final PidFd process, final ExitHandler handler) throws IOException {
        // Edge-triggered: while a debugger holds on to a child that has ended, its descriptor is readable and there is
        // nothing to take yet. When the debugger lets go there is another edge.
        return new ExitWatch(loop.register(process, EPOLLIN | EPOLLET, (registration, _) -> {
            ExitStatus status = null;
            try {
                status = process.waitFor(0);
                if (status == null) {
                    return;
                }
            } catch (final ErrnoException e) {
                if (e.errno() != ECHILD) {
                    throw e;
                }
            }
            try {
                registration.deregister();
            } finally {
                // Taken, it is told by nobody else.
                handler.exited(status);
            }
        }));
    }

    /// Whether the loop runs for as long as this waits.
    ///
    /// @return false after [#unref]
    public boolean isReferenced() {
        return registration.isReferenced();
    }

    /// Lets the loop run for as long as this waits, as from the beginning.
    public void ref() {
        registration.ref();
    }

    /// Lets the loop end though this waits.
    public void unref() {
        registration.unref();
    }

    /// Waits no longer: the handler is not told. The process goes on, its descriptor stays open, and the child is to be
    /// waited for by somebody else. Does nothing where it has ended already.
    ///
    /// @throws IOException as `epoll_ctl(2)` has it
    @Override
    public void close() throws IOException {
        registration.deregister();
    }
}
