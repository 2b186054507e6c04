package io.github.fdsock.cli.http;

/// A request after which nothing on its connection can be trusted: it is answered, and the connection ends.
///
/// It has no stack: whoever sends garbage shall not make the server look at its own.
final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    private final Status status;

    Refusal(final Status status, final String why) {
        super(why, null, false, false);
        this.status = status;
    }

    /// What it is answered with.
    Status status() {
        return status;
    }
}
