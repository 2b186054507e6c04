package io.github.fdsock.harness;

/// A text that is not a [FaultRule]: where it goes wrong, and what was expected there.
///
/// The message has all of it: `"accept4:error=EMFIL", column 15: expected …`.
public final class FaultSyntaxException extends IllegalArgumentException {
    private static final long serialVersionUID = 1;

    /// The whole of it.
    private final String text;

    /// From 1.
    private final int column;

    FaultSyntaxException(final String text, final int column, final String expected, final Throwable cause) {
        super('"' + text + "\", column " + column + ": " + expected, cause);
        this.text = text;
        this.column = column;
    }

    /// The text that was to be a rule.
    ///
    /// @return the whole of it
    public String text() {
        return text;
    }

    /// The place of the mistake.
    ///
    /// @return the column, 1 for the first
    public int column() {
        return column;
    }
}
