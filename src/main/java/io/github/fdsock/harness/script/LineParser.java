package io.github.fdsock.harness.script;

import io.github.fdsock.harness.script.CallLine.Argument;
import io.github.fdsock.harness.script.CallLine.Result;
import io.github.fdsock.harness.script.CallLine.Source;
import io.github.fdsock.harness.script.CallLine.Span;
import java.util.ArrayList;
import java.util.IdentityHashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;

/// Reads one line of a script, by recursive descent, a method for each kind of thing.
final class LineParser {
    /// Words with a meaning in the notation, which no name can be.
    private static final Set<String> RESERVED = Set.of("NULL", "or", "untouched");

    static final String EXITED = "exited";
    static final String KILLED = "killed";
    private static final String END = "+++";

    /// No struct of C is as deep, and no stack too small for it.
    private static final int DEPTH_MAX = 32;

    /// Bytes in one literal.
    private static final long TEXT_MAX = 64 << 20;

    private final Source source;
    private final String text;
    private final Map<Value, Span> spans = new IdentityHashMap<>();
    private int at;
    private int depth;

    LineParser(final Source source) {
        this.source = source;
        this.text = source.text();
    }

    /// Whether the line is empty or a comment.
    boolean blank() {
        skipSpace();
        return at == text.length();
    }

    /// `A:`, the thread that makes the call; empty where there is none.
    String label() {
        skipSpace();
        final int begin = at;
        while (isOfWord(peek())) {
            at++;
        }
        final String word = text.substring(begin, at);
        if (!word.isEmpty() && take(":")) {
            return unreserved(word, begin);
        }
        at = begin;
        return "";
    }

    /// Whether the line, from behind its label on, is about the end of a process.
    boolean isEndOfProcess() {
        label();
        return take(END);
    }

    /// `CHILD: +++ exited with 0 +++` or `CHILD: +++ killed by SIGKILL +++`.
    CallLine endOfProcess() {
        at = 0;
        final String label = label();
        expect(END);
        skipSpace();
        final int howAt = at;
        final String how = word("`exited with` or `killed by`");
        switch (how) {
            case EXITED -> expect("with");
            case KILLED -> expect("by");
            default -> throw wrong(howAt, "a process has exited with a status or was killed by a signal, not " + how);
        }
        skipSpace();
        final int begin = at;
        final Argument argument = new Argument(value(), begin);
        final int end = at;
        expect(END);
        end();
        return new CallLine(source, label, false, null, how, howAt, List.of(argument), List.of(), howAt, end, spans);
    }

    /// `A: s = socket(AF_INET, SOCK_STREAM, 0)` or `bind(s, NULL, 0) = -1 EFAULT`.
    CallLine line(final int from, final boolean unless) {
        return line(from, unless, false);
    }

    /// A call that its process does not outlive: without a result.
    CallLine lineCutShort() {
        return line(0, false, true);
    }

    private CallLine line(final int from, final boolean unless, final boolean cutShort) {
        at = from;
        final String label = label();
        skipSpace();
        int nameAt = at;
        String name = word("the name of a call");
        String target = null;
        if (take("=")) {
            target = unreserved(name, nameAt);
            skipSpace();
            nameAt = at;
            name = word("the name of a call");
        }
        expect("(");
        final List<Argument> arguments = new ArrayList<>();
        if (!take(")")) {
            do {
                skipSpace();
                final int begin = at;
                arguments.add(new Argument(value(), begin));
            } while (take(","));
            expect(")");
        }
        final int closed = at;
        final List<Result> results = new ArrayList<>();
        skipSpace();
        int resultAt = closed;
        int end = closed;
        // What is waited for has a result of its own; what the end of a process cuts short has none.
        if (target == null && name.equals(ProcessActor.CALL)) {
            throw wrong(nameAt, "a process has a name: `CHILD = spawn()`");
        }
        if (target == null && !((name.equals(Await.CALL) || cutShort) && at == text.length())) {
            expect("=", ": what it gives, `= 5`, `= -1 EINVAL` or `= ...`");
            skipSpace();
            resultAt = at;
            do {
                results.add(result());
                end = at;
            } while (takeWord("or"));
        }
        end();
        return new CallLine(source, label, unless, target, name, nameAt, List.copyOf(arguments), List.copyOf(results),
                resultAt, end, spans);
    }

    /// `DOMAIN=AF_INET, NAME=inet("127.0.0.1", 0)`.
    Map<String, Value> variant(final int from) {
        at = from;
        final Map<String, Value> names = new LinkedHashMap<>();
        do {
            skipSpace();
            final int begin = at;
            final String name = unreserved(word("a name"), begin);
            expect("=");
            if (names.put(name, value()) != null) {
                throw wrong(begin, name + " stands here twice");
            }
        } while (take(","));
        end();
        return names;
    }

    private Result result() {
        if (!take("-1")) {
            skipSpace();
            final int begin = at;
            final Value value = value();
            if (value instanceof Value.Name(String name) && Names.isErrno(name)) {
                throw wrong(begin, "an error is written -1 " + name);
            }
            return new Result(value, List.of());
        }
        final List<String> errnos = new ArrayList<>();
        do {
            skipSpace();
            final int begin = at;
            final String errno = word("the name of an errno");
            if (!errno.matches("E[A-Z0-9]+")) {
                throw wrong(begin, "not the name of an errno: " + errno);
            }
            errnos.add(errno);
        } while (take("|"));
        // What strace says of it, too.
        if (take("(")) {
            at = text.indexOf(')', at);
            if (at < 0) {
                at = text.length();
                throw wrong(at, "expected ), not the end");
            }
            at++;
        }
        return new Result(null, List.copyOf(errnos));
    }

    private Value value() {
        final int begin = begin();
        final Value before = flags();
        return take("=>") ? spanning(begin, new Value.Change(before, flags())) : before;
    }

    private Value flags() {
        final int begin = begin();
        final Value first = primary();
        if (!take("|")) {
            return first;
        }
        final List<Value> parts = new ArrayList<>(List.of(first));
        do {
            parts.add(primary());
        } while (take("|"));
        return spanning(begin, new Value.Flags(List.copyOf(parts)));
    }

    private Value primary() {
        final int begin = begin();
        if (++depth > DEPTH_MAX) {
            throw wrong(begin, "deeper than " + DEPTH_MAX);
        }
        final Value value = unplaced(begin);
        depth--;
        return spanning(begin, value);
    }

    private Value unplaced(final int begin) {
        if (take("...")) {
            return new Value.Any();
        }
        if (take("?")) {
            return new Value.Take(unreserved(word("a name"), begin));
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
        final char next = peek();
        if (next == '"') {
            return string();
        }
        if (next == '\'') {
            throw wrong(at, "text stands between \"\"");
        }
        if (next == '-' || Character.isDigit(next)) {
            return numberOrRange();
        }
        final String name = word("a value");
        if (name.equals("NULL")) {
            return new Value.Null();
        }
        if (take("(")) {
            return new Value.Form(name, list(")"));
        }
        return name.equals("untouched") ? new Value.Form(name, List.of()) : new Value.Name(name);
    }

    private int begin() {
        skipSpace();
        return at;
    }

    private Value spanning(final int begin, final Value value) {
        spans.put(value, new Span(begin, at));
        return value;
    }

    private List<Value> list(final String close) {
        final List<Value> elements = new ArrayList<>();
        if (!take(close)) {
            do {
                elements.add(value());
            } while (take(","));
            expect(close);
        }
        return List.copyOf(elements);
    }

    private Value struct() {
        final Map<String, Value> fields = new LinkedHashMap<>();
        boolean open = false;
        do {
            open = take("...");
            if (!open) {
                skipSpace();
                final int begin = at;
                final String name = word("the name of a field");
                expect("=", ": a value for the field " + name);
                if (fields.put(name, value()) != null) {
                    throw wrong(begin, "the field " + name + " stands here twice");
                }
            }
        } while (!open && take(","));
        expect("}");
        return new Value.Struct(fields, open);
    }

    private Value numberOrRange() {
        final long from = number();
        if (text.startsWith("..", at) && !text.startsWith("...", at)) {
            at += 2;
            return new Value.Range(from, Character.isDigit(peek()) ? number() : Long.MAX_VALUE);
        }
        return new Value.Number(from);
    }

    private long number() {
        final int sign = at;
        final boolean negative = take("-");
        final int begin = at;
        while (Character.isLetterOrDigit(peek())) {
            at++;
        }
        final String digits = text.substring(begin, at);
        try {
            final long value = digits.startsWith("0x") ? Long.parseUnsignedLong(digits.substring(2), 16)
                    : digits.length() > 1 && digits.startsWith("0") ? Long.parseLong(digits, 8)
                    : Long.parseUnsignedLong(digits);
            return negative ? -value : value;
        } catch (final NumberFormatException e) {
            throw wrong(sign, "not a number: " + text.substring(sign, at));
        }
    }

    private Value string() {
        final int begin = at;
        expect("\"");
        final StringBuilder characters = new StringBuilder();
        while (peek() != '"') {
            if (at == text.length()) {
                throw wrong(begin, "a string without an end");
            }
            final char next = text.charAt(at++);
            if (next > 0x7f) {
                throw wrong(at - 1, "a character that is not ASCII; write its bytes as \\x..");
            }
            characters.append(next == '\\' ? escape() : next);
        }
        at++;
        if (!take("*")) {
            return new Value.Text(characters.toString(), 1);
        }
        skipSpace();
        final int countAt = at;
        final long count = number();
        if (count < 0 || count > TEXT_MAX / Math.max(1, characters.length())) {
            throw wrong(countAt, "no more than " + TEXT_MAX + " bytes are possible");
        }
        return new Value.Text(characters.toString(), (int) count);
    }

    private char escape() {
        final int begin = at - 1;
        final char letter = peek();
        at++;
        return switch (letter) {
            case 'n' -> '\n';
            case 'r' -> '\r';
            case 't' -> '\t';
            case '0' -> '\0';
            case '"', '\\' -> letter;
            case 'x' -> {
                if (at + 2 > text.length() || !text.substring(at, at + 2).matches("[0-9a-fA-F]{2}")) {
                    throw wrong(begin, "\\x wants two digits");
                }
                at += 2;
                yield (char) Integer.parseInt(text.substring(at - 2, at), 16);
            }
            default -> throw wrong(begin, "unknown escape \\" + letter);
        };
    }

    private String word(final String what) {
        skipSpace();
        final int begin = at;
        while (isOfWord(peek())) {
            at++;
        }
        if (begin == at) {
            throw wrong(at, "expected " + what + butEnd());
        }
        return text.substring(begin, at);
    }

    private static boolean isOfWord(final char letter) {
        return Character.isLetterOrDigit(letter) || letter == '_';
    }

    private String unreserved(final String name, final int begin) {
        if (RESERVED.contains(name) || !Character.isLetter(name.charAt(0))) {
            throw wrong(begin, "not a name: " + name);
        }
        return name;
    }

    private boolean take(final String token) {
        final int before = at;
        skipSpace();
        if (text.startsWith(token, at) && !(token.equals("=") && text.startsWith("=>", at))) {
            at += token.length();
            return true;
        }
        at = before;
        return false;
    }

    private boolean takeWord(final String word) {
        skipSpace();
        return text.startsWith(word + " ", at) && take(word);
    }

    private void expect(final String token) {
        expect(token, "");
    }

    /// @param why for the message
    private void expect(final String token, final String why) {
        if (!take(token)) {
            skipSpace();
            throw wrong(at, "expected " + token + butEnd() + why);
        }
    }

    private String butEnd() {
        return at == text.length() ? ", not the end" : "";
    }

    private void end() {
        skipSpace();
        if (at != text.length()) {
            throw wrong(at, "nothing may follow here");
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

    private ScriptException wrong(final int position, final String message) {
        return source.wrong(position, message);
    }
}
