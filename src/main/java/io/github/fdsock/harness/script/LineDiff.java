package io.github.fdsock.harness.script;

import io.github.fdsock.harness.script.ScriptResult.Difference;
import io.github.fdsock.harness.script.child.Frame;
import java.io.DataInputStream;
import java.io.DataOutputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/// A line as it is written and as it came, and where the two differ.
final class LineDiff {
    private static final Comparator<Edit> IN_ORDER = Comparator.comparingInt(Edit::from);

    private final CallLine line;
    private final String written;
    private final List<Edit> edits = new ArrayList<>();

    private record Edit(int from, int to, String came, String expected, String actual) {
    }

    LineDiff(final CallLine line) {
        this(line, line.source().text());
    }

    private LineDiff(final CallLine line, final String written) {
        this.line = line;
        this.written = written.stripTrailing();
    }

    /// One that [#write] has written, of the same line.
    static LineDiff read(final CallLine line, final DataInputStream in) throws IOException {
        final LineDiff diff = new LineDiff(line);
        for (int i = in.readInt(); i > 0; i--) {
            diff.edits.add(new Edit(in.readInt(), in.readInt(), Frame.text(in), Frame.text(in), Frame.text(in)));
        }
        return diff;
    }

    void write(final DataOutputStream out) throws IOException {
        out.writeInt(edits.size());
        for (final Edit edit : edits) {
            out.writeInt(edit.from);
            out.writeInt(edit.to);
            Frame.write(out, edit.came);
            Frame.write(out, edit.expected);
            Frame.write(out, edit.actual);
        }
    }

    /// Of a call that has returned where the script says that it blocks.
    static LineDiff early(final CallLine line, final String expected, final long result) {
        final CallLine.Source source = line.source();
        final LineDiff diff = new LineDiff(line, source.text().substring(0, source.split()) + " <unfinished ...>");
        final String actual = PreparedCall.describe(result);
        diff.edits.add(new Edit(line.resultAt(), line.end(), line.results().isEmpty() ? " = " + actual : actual,
                expected, actual));
        return diff;
    }

    /// @param expected what stands there, in words
    /// @param came what came in its place
    /// @param actual the same in words
    void replace(final int from, final int to, final String expected, final String came, final String actual) {
        edits.add(new Edit(from, to, came, expected, actual));
    }

    /// @param came what is to be inserted into the line
    void insert(final int at, final String expected, final String came, final String actual) {
        edits.add(new Edit(at, at, came, expected, actual));
    }

    /// Shows the smallest part that is written in the line.
    void replace(final Mismatch mismatch) {
        for (final Mismatch.Part part : mismatch.parts()) {
            final CallLine.Span span = line.spans().get(part.written());
            if (span != null) {
                edits.add(new Edit(span.from(), span.to(), part.came(), mismatch.expected(), mismatch.actual()));
                return;
            }
        }
        throw new IllegalStateException("no part of " + mismatch.expected() + " stands in " + line.text());
    }

    boolean isEmpty() {
        return edits.isEmpty();
    }

    /// The line with what came in the place of what was expected.
    String came() {
        return came(new StringBuilder());
    }

    /// @param markers gets a `^` below everything that differs
    private String came(final StringBuilder markers) {
        final String text = line.source().text().stripTrailing();
        final StringBuilder came = new StringBuilder();
        int copied = 0;
        for (final Edit edit : edits.stream().sorted(IN_ORDER).toList()) {
            came.append(text, copied, edit.from);
            final int blank = edit.came.length() - edit.came.stripLeading().length();
            markers.repeat(' ', came.length() + blank - markers.length())
                    .repeat('^', Math.max(1, edit.came.strip().length()));
            came.append(edit.came);
            copied = edit.to;
        }
        return came.append(text, copied, text.length()).toString();
    }

    /// Place, expectation and what came, for each; then both lines, and markers below.
    String report() {
        final StringBuilder report = new StringBuilder();
        for (final Edit edit : edits.stream().sorted(IN_ORDER).toList()) {
            report.append(line.place(edit.from)).append(": expected ").append(edit.expected).append(", was ")
                    .append(edit.actual).append('\n');
        }
        final StringBuilder markers = new StringBuilder();
        final String came = came(markers);
        return report.append("- ").append(written).append("\n+ ").append(came)
                .append("\n  ").append(markers).toString();
    }

    ScriptResult.Line result() {
        final List<Difference> differences = edits.stream().sorted(IN_ORDER).map(edit -> new Difference(
                line.source().row(edit.from), line.source().column(edit.from), edit.expected, edit.actual)).toList();
        return new ScriptResult.Line(line.source().number(), written.strip(), came().strip(), differences);
    }
}
