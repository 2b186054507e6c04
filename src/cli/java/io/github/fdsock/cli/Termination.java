package io.github.fdsock.cli;

import java.io.Closeable;
import java.io.IOException;
import java.io.OutputStream;
import java.io.PrintWriter;
import java.io.UncheckedIOException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.locks.LockSupport;
import java.util.function.IntUnaryOperator;
import picocli.CommandLine;

/// Turns SIGTERM, SIGINT and SIGHUP into an orderly end, with status 0 unless the command has another one.
///
/// The JVM answers these signals by running its shutdown hooks and ending with a status of its own. This hook asks the
/// command to stop, waits until it has put everything away, and ends the JVM itself.
///
/// A signal that comes before there is a hook ends the JVM as it ends any program, with 128 and its number. Nothing has
/// been opened by then that would be left behind: a server that has said `listening` ends with 0, and what has not may
/// end with either.
final class Termination implements Closeable {
    private static volatile IntUnaryOperator last = IntUnaryOperator.identity();

    private final CountDownLatch done = new CountDownLatch(1);
    private final Thread hook;
    private volatile int status;

    /// Tells what went wrong while the command put everything away.
    private volatile Runnable complaint = () -> { };

    private Termination(final Stop stop) {
        hook = new Thread(() -> {
            try {
                stop(stop);
                done.await();
                complaint.run();
                Runtime.getRuntime().halt(last.applyAsInt(Main.written(status, new PrintWriter(System.err))));
            } catch (final IOException | UncheckedIOException | InterruptedException e) {
                Main.complain(new PrintWriter(System.err), "termination", e);
                Runtime.getRuntime().halt(last.applyAsInt(CommandLine.ExitCode.SOFTWARE));
            }
        }, "termination");
    }

    /// What makes the command stop; called on another thread.
    @FunctionalInterface
    interface Stop {
        void stop() throws IOException;
    }

    /// @param stop makes the command stop
    /// @param atEndOfInput whether it shall stop as well when standard input ends: a child whose parent was killed
    ///         learns of it that way
    static Termination by(final Stop stop, final boolean atEndOfInput) {
        final Termination termination = new Termination(stop);
        atEnd(termination.hook);
        if (atEndOfInput) {
            Thread.ofPlatform().daemon().name("standard input").start(() -> awaitEndOfInput(stop));
        }
        return termination;
    }

    /// Has a thread run when a signal ends the JVM. Where one does so already, this does not return: nothing is to be
    /// put away yet, and nothing more shall be begun.
    static void atEnd(final Thread hook) {
        try {
            Runtime.getRuntime().addShutdownHook(hook);
        } catch (final IllegalStateException e) {
            while (true) {
                LockSupport.park();
            }
        }
    }

    private static void awaitEndOfInput(final Stop stop) {
        try {
            System.in.transferTo(OutputStream.nullOutputStream());
        } catch (final IOException e) {
            // Nothing comes from there, and that is all that is wanted of it.
            Main.complain(new PrintWriter(System.err), "standard input", e);
        }
        try {
            stop(stop);
        } catch (final IOException | UncheckedIOException e) {
            Main.complain(new PrintWriter(System.err), "termination", e);
        }
    }

    /// A loop that this could not wake is woken by the next call, and what is not stopped is not put away.
    private static void stop(final Stop stop) throws IOException {
        try {
            stop.stop();
        } catch (final UncheckedIOException _) {
            stop.stop();
        }
    }

    /// What is to be done when the command has put everything away after a signal, the latest first.
    ///
    /// @param action given the status that the JVM is to end with; gives the one that it shall end with
    static synchronized void last(final IntUnaryOperator action) {
        last = action.andThen(last);
    }

    /// What the JVM shall end with after a signal.
    void status(final int exitStatus) {
        status = exitStatus;
    }

    /// For what the command cannot put away: where a signal ends the JVM, nobody else hears of it.
    void failed(final String command, final Exception e) {
        complaint = () -> Main.complain(new PrintWriter(System.err), command, e);
        status = CommandLine.ExitCode.SOFTWARE;
    }

    /// To be called when everything is put away.
    @Override
    public void close() {
        done.countDown();
        try {
            Runtime.getRuntime().removeShutdownHook(hook);
        } catch (final IllegalStateException e) {
            // The JVM is on its way down already: the hook ends it, with the status that is due.
            awaitHook();
        }
    }

    private void awaitHook() {
        try {
            hook.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
