package io.github.fdsock.cli;

import io.github.fdsock.Endpoint;
import io.github.fdsock.loop.Listener;
import io.github.fdsock.loop.WaitStrategy;
import java.io.ByteArrayOutputStream;
import java.io.Closeable;
import java.io.IOException;
import java.io.PrintStream;

/// `fdsock echo` in a thread of this process, for sweeps: when the thread has ended, by itself or by [#close], the
/// server has put everything away.
final class EchoThread implements Closeable {
    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private final EchoServer server;
    private final Thread thread = new Thread(this::run, "echo");
    private Endpoint endpoint;
    private Exception failure;

    EchoThread(final Endpoint endpoint) throws IOException {
        server = new EchoServer(new PrintStream(log, true), WaitStrategy.BLOCK, Listener.Overload.REFUSE, false);
        boolean serves = false;
        try {
            this.endpoint = server.serve(endpoint);
            serves = true;
        } finally {
            if (!serves) {
                server.close();
            }
        }
        thread.start();
    }

    private void run() {
        try (server) {
            server.run();
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
            server.stop();
        } finally {
            server.stop();
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
