package io.github.fdsock.cli;

import java.io.Closeable;
import java.io.IOException;
import java.util.ArrayDeque;
import java.util.Deque;

/// What a command has opened, to be closed together: the latest first, each of them whatever comes of the others.
final class Resources implements Closeable {
    private final Deque<Closeable> all = new ArrayDeque<>();

    /// Takes over what is to be closed, and returns it.
    <T extends Closeable> T add(final T resource) {
        all.push(resource);
        return resource;
    }

    /// Closes all; the first failure is thrown when that is done.
    @Override
    public void close() throws IOException {
        Exception failure = null;
        while (!all.isEmpty()) {
            try {
                all.pop().close();
            } catch (final IOException | RuntimeException e) {
                if (failure == null) {
                    failure = e;
                } else {
                    failure.addSuppressed(e);
                }
            }
        }
        switch (failure) {
            case null -> { }
            case IOException e -> throw e;
            default -> throw (RuntimeException) failure;
        }
    }
}
