package io.github.fdsock.cli;

import com.google.gson.Gson;
import com.google.gson.GsonBuilder;
import io.github.fdsock.Endpoint;
import java.io.PrintStream;
import java.util.Map;

/// Lines of results, for people or as JSON objects.
final class Output {
    private static final Gson GSON = new GsonBuilder().disableHtmlEscaping().create();

    private Output() {
    }

    /// One JSON object, in which a terminal has nothing to obey: JSON itself would leave U+009B and U+202E as they are.
    static String json(final Map<String, Object> facts) {
        final StringBuilder line = new StringBuilder();
        GSON.toJson(facts).codePoints().forEach(c -> {
            switch (Character.getType(c)) {
                case Character.CONTROL, Character.FORMAT, Character.LINE_SEPARATOR, Character.PARAGRAPH_SEPARATOR,
                        Character.SURROGATE -> {
                    for (final char part : Character.toChars(c)) {
                        line.append(String.format("\\u%04x", (int) part));
                    }
                }
                default -> line.appendCodePoint(c);
            }
        });
        return line.toString();
    }

    /// Tells at once that a server accepts, and where.
    static void listening(final PrintStream out, final Endpoint endpoint, final boolean json) {
        out.println(json ? json(Map.of("listening", endpoint.toString())) : "listening " + endpoint);
        out.flush();
    }
}
