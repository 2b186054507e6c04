package io.github.fdsock.harness.script;

/// A script that cannot be understood, or asks for what is not done: its own fault, not the kernel's.
///
/// The message begins with the place: `FILE:LINE:COLUMN: `.
public final class ScriptException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// @param place file, line and column
    ScriptException(final String place, final String message) {
        this(place + ": " + message);
    }

    /// @param message that begins with the place
    ScriptException(final String message) {
        super(message);
    }
}
