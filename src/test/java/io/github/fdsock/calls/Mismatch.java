package io.github.fdsock.calls;

/// What a call gave is not what the script expects; [CallRun] adds where.
final class Mismatch extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String expected;
    private final String actual;

    Mismatch(Object expected, Object actual) {
        super("expected " + expected + ", was " + actual);
        this.expected = expected.toString();
        this.actual = actual.toString();
    }

    String expected() {
        return expected;
    }

    String actual() {
        return actual;
    }
}
