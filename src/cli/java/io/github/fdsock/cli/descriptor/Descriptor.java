package io.github.fdsock.cli.descriptor;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Collections;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// What is known of one descriptor, as a line for people and as facts for programs.
///
/// The line is `NUMBER KIND SUBJECT, FACT, FACT, FLAGS`:
/// `4 file /var/log/x.log, offset 4096 of 10000, O_WRONLY|O_APPEND`.
public final class Descriptor {
    private final Map<String, Object> facts = new LinkedHashMap<>();
    private final List<String> words = new ArrayList<>();

    Descriptor(final String kind) {
        facts.put("kind", kind);
    }

    /// Adds a fact for both.
    ///
    /// @param key its name for programs
    /// @param value a number, a text, a boolean or a list
    /// @param text what the line says; null for nothing
    Descriptor with(final String key, final Object value, final String text) {
        facts.put(key, value);
        if (text != null) {
            words.add(text);
        }
        return this;
    }

    /// What it is, in a word: `socket`, `file`, `eventfd`.
    ///
    /// @return the kind
    public String kind() {
        return facts.get("kind").toString();
    }

    /// Says what could not be found out, and why.
    Descriptor unknown(final String what, final String reason) {
        return with(what + "Unknown", reason, what + " unknown (" + reason + ")");
    }

    /// The facts, the number first.
    ///
    /// @param shownAs the number
    /// @return names and values, to be printed as a JSON object
    public Map<String, Object> facts(final int shownAs) {
        final Map<String, Object> all = new LinkedHashMap<>();
        all.put("fd", shownAs);
        all.putAll(facts);
        return Collections.unmodifiableMap(all);
    }

    /// The line.
    ///
    /// @param shownAs the number
    /// @return one line, whatever bytes there are in names
    public String line(final int shownAs) {
        return shownAs + " " + kind() + (words.isEmpty() ? "" : " " + String.join(", ", words));
    }

    /// A name with nothing in it that a line could not hold: `\xHH` for each byte of what is not printable, `\\` for a
    /// backslash.
    ///
    /// @param name any text
    /// @return text without line breaks and control characters
    public static String printable(final String name) {
        final StringBuilder out = new StringBuilder();
        name.codePoints().forEach(c -> {
            switch (Character.getType(c)) {
                case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR,
                        Character.SURROGATE -> {
                    for (final byte b : Character.toString(c).getBytes(StandardCharsets.UTF_8)) {
                        out.append(String.format("\\x%02x", b));
                    }
                }
                default -> out.append(c == '\\' ? "\\\\" : Character.toString(c));
            }
        });
        return out.toString();
    }
}
