package io.github.fdsock.cli;

import java.io.IOException;

/// What came back is not what was sent, or nothing came back.
final class WrongAnswerException extends IOException {
    private static final long serialVersionUID = 1;

    WrongAnswerException(final String message) {
        super(message);
    }
}
