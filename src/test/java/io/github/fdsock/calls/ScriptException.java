package io.github.fdsock.calls;

/// A script that cannot be understood or run: its fault, not the kernel's.
final class ScriptException extends IllegalArgumentException {
    private static final long serialVersionUID = 1L;

    /// @param place file, line and column, as [CallScript.Line#place] gives them
    ScriptException(String place, String message) {
        super(place + ": " + message);
    }
}
