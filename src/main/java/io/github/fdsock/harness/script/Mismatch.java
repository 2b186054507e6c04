package io.github.fdsock.harness.script;

import java.util.ArrayList;
import java.util.List;

/// What a call gave is not what the script expects of it.
///
/// It begins at the smallest part that differs and, on its way out, learns what the larger ones around it were: the
/// smallest that stands in the line itself, and not in a variant, is the one that is shown.
final class Mismatch extends RuntimeException {
    private static final long serialVersionUID = 1L;

    private final String field;
    private final String expected;
    private final String actual;
    private final transient List<Part> parts = new ArrayList<>();

    /// A part of a line, and what came in its place.
    record Part(Value written, String came) {
    }

    /// @param written the part that differs
    /// @param expected what it asks for
    /// @param actual what came, in the notation
    Mismatch(final Value written, final String expected, final String actual) {
        this(written, expected, actual, actual);
    }

    /// @param came what came, in the notation, where `actual` is in words
    Mismatch(final Value written, final String expected, final String actual, final String came) {
        this("", expected, actual, List.of(new Part(written, came)));
    }

    private Mismatch(final String field, final String expected, final String actual, final List<Part> parts) {
        super("expected " + field + expected + ", was " + actual, null, false, false);
        this.field = field;
        this.expected = expected;
        this.actual = actual;
        this.parts.addAll(parts);
    }

    /// With the field that it is about, if it is one: `it_value.tv_sec=1`.
    String expected() {
        return field + expected;
    }

    String actual() {
        return actual;
    }

    /// From the smallest outward.
    List<Part> parts() {
        return parts;
    }

    /// This one, as a part of something larger.
    Mismatch within(final Value written, final String came) {
        parts.add(new Part(written, came));
        return this;
    }

    /// This one, in a field.
    Mismatch in(final String outer) {
        return new Mismatch(outer + (field.isEmpty() ? "=" : "." + field), expected, actual, parts);
    }
}
