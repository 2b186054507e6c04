package io.github.fdsock.loop;

import java.io.IOException;

/// Does one thing after the other, whatever each throws, and throws the first failure in the end.
final class Failures {
    private Exception first;

    void attempt(final Action action) {
        try {
            action.run();
        } catch (final IOException | RuntimeException e) {
            if (first == null) {
                first = e;
            } else if (first != e) {
                first.addSuppressed(e);
            }
        }
    }

    void throwFirst() throws IOException {
        if (first instanceof final IOException e) {
            throw e;
        }
        if (first instanceof final RuntimeException e) {
            throw e;
        }
    }

    /// The failures as additions to a reason that was there before; where there was none, the first as the reason.
    IOException addTo(final IOException reason) {
        if (first == null) {
            return reason;
        }
        if (reason == null) {
            return first instanceof final IOException e ? e : new IOException(first);
        }
        if (first != reason) {
            reason.addSuppressed(first);
        }
        return reason;
    }
}
