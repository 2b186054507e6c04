package io.github.fdsock.harness.script;

/// A script that cannot be understood, or asks for what is not done: its own fault, not the kernel's.
///
/// The message begins with the place, `FILE:LINE:COLUMN: `; the line follows, and a mark below.
public final class ScriptException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    ScriptException(final String message) {
        super(message);
    }
}
