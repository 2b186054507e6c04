package io.github.fdsock.calls;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;

/// A script of calls, parsed: what it claims, which cases it covers, and its lines. The package has the notation.
///
/// @param claim the first line: what holds if the script passes
/// @param cases the ids of the cases it covers, at least one
/// @param variants the names each run starts with: one run for each, or a single one with none
/// @param lines the calls, in order, at least one that says what must be
record CallScript(String file, String claim, List<String> cases, List<Map<String, Value>> variants,
        List<Line> lines) {

    private static final Pattern CASE = Pattern.compile("[CLGNUK]\\d\\d");

    /// An argument and the column where it begins.
    record Argument(Value value, int column) {
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

    /// One call.
    ///
    /// @param unless whether, where it gives just this, the kernel cannot do what the script is about
    /// @param target the name of the descriptor it makes, or null
    /// @param results the alternatives; empty if there is a target
    record Line(boolean unless, String file, int number, String text, String target, String call, int callColumn,
            List<Argument> arguments, List<Result> results, int resultColumn) {
        String place(int column) {
            return file + ":" + number + ":" + column;
        }
    }

    static CallScript read(Path file, String name) throws IOException {
        return parse(name, Files.readString(file));
    }

    static CallScript parse(String file, String text) {
        String[] rows = text.split("\n", -1);
        if (!rows[0].startsWith("# ") || rows[0].substring(2).isBlank()) {
            throw new ScriptException(file + ":1:1", "the first line has to say in a comment what the script claims");
        }
        List<String> cases = new ArrayList<>();
        List<Map<String, Value>> variants = new ArrayList<>();
        List<Line> lines = new ArrayList<>();
        for (int i = 1; i < rows.length; i++) {
            String row = rows[i];
            LineParser parser = new LineParser(file, i + 1, row);
            if (row.startsWith("# cases: ")) {
                for (String id : row.substring("# cases: ".length()).trim().split(" +")) {
                    if (!CASE.matcher(id).matches()) {
                        throw new ScriptException(file + ":" + (i + 1) + ":" + (row.indexOf(id) + 1),
                                "not the id of a case: " + id);
                    }
                    cases.add(id);
                }
            } else if (row.startsWith("# with: ")) {
                variants.add(parser.variant("# with: ".length()));
            } else if (row.startsWith("# unless: ")) {
                lines.add(parser.line("# unless: ".length(), true));
            } else if (!parser.blank()) {
                lines.add(parser.line(0, false));
            }
        }
        if (cases.isEmpty()) {
            throw new ScriptException(file + ":2:1", "no line `# cases: ...` says which cases these are");
        }
        if (lines.stream().allMatch(Line::unless)) {
            throw new ScriptException(file + ":" + rows.length + ":1", "no calls");
        }
        return new CallScript(file, rows[0].substring(2).trim(), List.copyOf(cases),
                variants.isEmpty() ? List.of(Map.of()) : List.copyOf(variants), List.copyOf(lines));
    }
}
