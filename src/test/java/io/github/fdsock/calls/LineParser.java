package io.github.fdsock.calls;

import io.github.fdsock.calls.CallScript.Argument;
import io.github.fdsock.calls.CallScript.Line;
import io.github.fdsock.calls.CallScript.Result;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Reads one line of a script, by recursive descent, a method for each kind of thing.
final class LineParser {
    /// Words with a meaning in the notation, which no name can be.
    private static final Set<String> RESERVED = Set.of("NULL", "or", "untouched");

    private final String file;
    private final int number;
    private final String text;
    private int at;

    LineParser(String file, int number, String text) {
        this.file = file;
        this.number = number;
        this.text = text;
    }

    /// Whether the line is empty or a comment.
    boolean blank() {
        skipSpace();
        return at == text.length();
    }

    /// `s = socket(AF_INET, SOCK_STREAM, 0)` or `bind(s, NULL, 0) = -1 EFAULT`.
    Line line(int from, boolean unless) {
        at = from;
        skipSpace();
        int nameColumn = column();
        String name = word("the name of a call");
        String target = null;
        if (take("=")) {
            target = unreserved(name, nameColumn);
            skipSpace();
            nameColumn = column();
            name = word("the name of a call");
        }
        expect("(");
        List<Argument> arguments = new ArrayList<>();
        if (!take(")")) {
            do {
                skipSpace();
                int column = column();
                arguments.add(new Argument(value(), column));
            } while (take(","));
            expect(")");
        }
        List<Result> results = new ArrayList<>();
        skipSpace();
        int resultColumn = column();
        if (target == null) {
            expect("=");
            skipSpace();
            resultColumn = column();
            do {
                results.add(result());
            } while (takeWord("or"));
        }
        end();
        return new Line(unless, file, number, text.substring(from).strip(), target, name, nameColumn,
                List.copyOf(arguments), List.copyOf(results), resultColumn);
    }

    /// `DOMAIN=AF_INET, NAME=inet("127.0.0.1", 0)`.
    Map<String, Value> variant(int from) {
        at = from;
        Map<String, Value> names = new LinkedHashMap<>();
        do {
            skipSpace();
            int column = column();
            String name = unreserved(word("a name"), column);
            expect("=");
            if (names.put(name, value()) != null) {
                throw wrong(column, name + " stands here twice");
            }
        } while (take(","));
        end();
        return names;
    }

    private Result result() {
        if (!take("-1")) {
            return new Result(value(), List.of());
        }
        List<String> errnos = new ArrayList<>();
        do {
            skipSpace();
            int column = column();
            String errno = word("the name of an errno");
            if (!errno.matches("E[A-Z0-9]+")) {
                throw wrong(column, "not the name of an errno: " + errno);
            }
            errnos.add(errno);
        } while (take("|"));
        return new Result(null, List.copyOf(errnos));
    }

    private Value value() {
        Value before = flags();
        return take("=>") ? new Value.Change(before, flags()) : before;
    }

    private Value flags() {
        Value first = primary();
        if (!take("|")) {
            return first;
        }
        List<Value> parts = new ArrayList<>(List.of(first));
        do {
            parts.add(primary());
        } while (take("|"));
        return new Value.Flags(List.copyOf(parts));
    }

    private Value primary() {
        skipSpace();
        int column = column();
        if (take("...")) {
            return new Value.Any();
        }
        if (take("?")) {
            return new Value.Take(unreserved(word("a name"), column));
        }
        if (take("[")) {
            return new Value.Array(list("]"));
        }
        if (take("{")) {
            return struct();
        }
        if (take("@")) {
            return new Value.Form("@", List.of(primary()));
        }
        char next = peek();
        if (next == '"') {
            return string();
        }
        if (next == '-' || Character.isDigit(next)) {
            return numberOrRange();
        }
        String name = word("a value");
        if (name.equals("NULL")) {
            return new Value.Null();
        }
        if (take("(")) {
            return new Value.Form(name, list(")"));
        }
        return name.equals("untouched") ? new Value.Form(name, List.of()) : new Value.Name(name);
    }

    private List<Value> list(String close) {
        List<Value> elements = new ArrayList<>();
        if (!take(close)) {
            do {
                elements.add(value());
            } while (take(","));
            expect(close);
        }
        return List.copyOf(elements);
    }

    private Value struct() {
        Map<String, Value> fields = new LinkedHashMap<>();
        boolean open = false;
        do {
            open = take("...");
            if (!open) {
                skipSpace();
                int column = column();
                String name = word("the name of a field");
                expect("=");
                if (fields.put(name, value()) != null) {
                    throw wrong(column, "the field " + name + " stands here twice");
                }
            }
        } while (!open && take(","));
        expect("}");
        return new Value.Struct(fields, open);
    }

    private Value numberOrRange() {
        long from = number();
        if (text.startsWith("..", at) && !text.startsWith("...", at)) {
            at += 2;
            return new Value.Range(from, Character.isDigit(peek()) ? number() : Long.MAX_VALUE);
        }
        return new Value.Number(from);
    }

    private long number() {
        int column = column();
        boolean negative = take("-");
        int begin = at;
        while (at < text.length() && Character.isLetterOrDigit(text.charAt(at))) {
            at++;
        }
        String digits = text.substring(begin, at);
        try {
            long value = digits.startsWith("0x") ? Long.parseUnsignedLong(digits.substring(2), 16)
                    : digits.length() > 1 && digits.startsWith("0") ? Long.parseLong(digits, 8)
                    : Long.parseUnsignedLong(digits);
            return negative ? -value : value;
        } catch (NumberFormatException e) {
            throw wrong(column, "not a number: " + text.substring(column - 1, at));
        }
    }

    private Value string() {
        int column = column();
        expect("\"");
        StringBuilder characters = new StringBuilder();
        while (peek() != '"') {
            if (at == text.length()) {
                throw wrong(column, "a string without an end");
            }
            char next = text.charAt(at++);
            if (next > 0xff) {
                throw wrong(at, "a character that is no byte; write its UTF-8 bytes as \\x..");
            }
            characters.append(next == '\\' ? escape() : next);
        }
        at++;
        if (!take("*")) {
            return new Value.Text(characters.toString(), 1);
        }
        skipSpace();
        return new Value.Text(characters.toString(), (int) number());
    }

    private char escape() {
        int column = at;
        char letter = peek();
        at++;
        return switch (letter) {
            case 'n' -> '\n';
            case '0' -> '\0';
            case '"', '\\' -> letter;
            case 'x' -> {
                if (at + 2 > text.length() || !text.substring(at, at + 2).matches("[0-9a-fA-F]{2}")) {
                    throw wrong(column, "\\x wants two digits");
                }
                at += 2;
                yield (char) Integer.parseInt(text.substring(at - 2, at), 16);
            }
            default -> throw wrong(column, "unknown escape \\" + letter);
        };
    }

    private String word(String what) {
        skipSpace();
        int begin = at;
        while (at < text.length() && (Character.isLetterOrDigit(text.charAt(at)) || text.charAt(at) == '_')) {
            at++;
        }
        if (begin == at) {
            throw wrong(column(), "expected " + what + (at == text.length() ? ", not the end" : ""));
        }
        return text.substring(begin, at);
    }

    private String unreserved(String name, int column) {
        if (RESERVED.contains(name) || !Character.isLetter(name.charAt(0))) {
            throw wrong(column, "not a name: " + name);
        }
        return name;
    }

    private boolean take(String token) {
        skipSpace();
        boolean there = text.startsWith(token, at) && !(token.equals("=") && text.startsWith("=>", at));
        if (there) {
            at += token.length();
        }
        return there;
    }

    private boolean takeWord(String word) {
        skipSpace();
        return text.startsWith(word + " ", at) && take(word);
    }

    private void expect(String token) {
        if (!take(token)) {
            throw wrong(column(), "expected " + token + (at == text.length() ? ", not the end" : ""));
        }
    }

    private void end() {
        skipSpace();
        if (at != text.length()) {
            throw wrong(column(), "nothing may follow here");
        }
    }

    private char peek() {
        return at < text.length() ? text.charAt(at) : '\0';
    }

    /// Comments count as space.
    private void skipSpace() {
        while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
            at++;
        }
        if (peek() == '#') {
            at = text.length();
        }
    }

    private int column() {
        return at + 1;
    }

    private ScriptException wrong(int column, String message) {
        return new ScriptException(file + ":" + number + ":" + column, message);
    }
}
