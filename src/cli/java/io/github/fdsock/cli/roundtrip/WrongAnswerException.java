package io.github.fdsock.cli.roundtrip;

import java.io.IOException;

/// What came back is not what was sent, or nothing came back.
public final class WrongAnswerException extends IOException {
    private static final long serialVersionUID = 1;

    public WrongAnswerException(final String message) {
        super(message);
    }
}
