package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.SOCK_NONBLOCK;

import io.github.fdsock.Endpoint;
import io.github.fdsock.cli.serve.Echo;
import io.github.fdsock.cli.serve.Server;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Listener;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;

/// `fdsock echo` in a thread of this process, for sweeps: when the thread has ended, by itself or by [#close], the
/// server has put everything away.
final class EchoThread implements Closeable {
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final Resources all = new Resources();
    private final EventLoop loop;
    private final Thread thread = new Thread(this::run, "echo");
    private Endpoint endpoint;
    private Exception failure;

    EchoThread(final Endpoint endpoint) throws IOException {
        final Resources socketFiles = all.add(new Resources());
        loop = all.add(EventLoop.open());
        final PrintStream out = new PrintStream(log, true);
        boolean serves = false;
        try {
            this.endpoint = new Server(loop, Listener.Overload.REFUSE, new Echo(out, false), out)
                    .serve(SocketFile.bind(endpoint, SOCK_NONBLOCK, socketFiles));
            serves = true;
        } finally {
            if (!serves) {
                all.close();
            }
        }
        thread.start();
    }

    private void run() {
        try (all) {
            loop.run();
        } catch (final IOException | RuntimeException e) {
            failure = e;
        }
    }

    /// Where it serves.
    Endpoint endpoint() {
        return endpoint;
    }

    /// Stops it and waits for its end.
    ///
    /// @throws IOException what it has ended with
    @Override
    public void close() throws IOException {
        try {
            stop();
        } finally {
            join();
        }
        if (failure != null) {
            throw new IOException("the server has ended", failure);
        }
    }

    /// Twice, since the first time may fail, which would be the end of a process.
    private void stop() throws IOException {
        try {
            loop.stop();
        } finally {
            loop.stop();
        }
    }

    private void join() throws IOException {
        try {
            thread.join();
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IOException("interrupted while the server ends", e);
        }
    }

    /// What it has said of connections that it lost.
    @Override
    public String toString() {
        return log.toString();
    }
}
