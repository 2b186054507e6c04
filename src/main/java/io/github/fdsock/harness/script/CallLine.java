package io.github.fdsock.harness.script;

import java.util.List;
import java.util.Map;

/// One call of a script, parsed. Positions count characters of its text, from 0.
///
/// @param label of the thread that makes it; empty for the one without a name
/// @param unless whether, where it gives just this, the kernel cannot do what the script is about
/// @param target the name of the descriptor it makes, or null
/// @param callAt where the call's name stands
/// @param results the alternatives; empty if there is a target
/// @param resultAt where they begin; without any, where they would
/// @param end where they end
/// @param spans where each value that is written in this line stands
record CallLine(Source source, String label, boolean unless, String target, String call, int callAt,
        List<Argument> arguments, List<Result> results, int resultAt, int end, Map<Value, Span> spans) {

    /// An argument and where it begins.
    record Argument(Value value, int at) {
    }

    /// From the first character up to, not including, another.
    record Span(int from, int to) {
    }

    /// What a call may return: a value, or one of some errnos.
    record Result(Value value, List<String> errnos) {
        boolean failure() {
            return value == null;
        }

        @Override
        public String toString() {
            return failure() ? "-1 " + String.join("|", errnos) : value.toString();
        }
    }

    /// The text of a line and where it came from: one row of a file or, where a call is begun in one and finished in
    /// another, what stands in both, one behind the other.
    ///
    /// @param number of the row, from 1
    /// @param split where the second row's part begins; the text's length if there is none
    /// @param secondNumber of the second row
    /// @param second all of that row
    /// @param secondAt where in it its part begins, from 0
    record Source(String file, int number, String text, int split, int secondNumber, String second, int secondAt) {
        Source(final String file, final int number, final String text) {
            this(file, number, text, text.length() + 1, number, "", 0);
        }

        String place(final int at) {
            return file + ":" + row(at) + ":" + column(at);
        }

        /// What is wrong at a place, and the row with a mark below it.
        ScriptException wrong(final int at, final String message) {
            final String row = at < split ? text.substring(0, Math.min(split, text.length())) : second;
            final String before = row.substring(0, Math.min(column(at) - 1, row.length()));
            return new ScriptException(place(at) + ": " + message + (row.isBlank() ? ""
                    : "\n  " + row.stripTrailing() + "\n  " + before.replaceAll("[^\t]", " ") + "^"));
        }

        int row(final int at) {
            return at < split ? number : secondNumber;
        }

        int column(final int at) {
            return at < split ? at + 1 : at - split + secondAt + 1;
        }
    }

    String place(final int at) {
        return source.place(at);
    }

    ScriptException wrong(final int at, final String message) {
        return source.wrong(at, message);
    }

    String text() {
        return source.text.strip();
    }
}
