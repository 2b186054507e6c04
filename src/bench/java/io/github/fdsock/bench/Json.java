package io.github.fdsock.bench;

import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;

/// Writes maps, lists, strings, numbers, booleans and null as JSON.
final class Json {
    private Json() {
    }

    static String of(final Object value) {
        return switch (value) {
            case null -> "null";
            case Map<?, ?> map -> map.entrySet().stream()
                    .map(entry -> of(entry.getKey().toString()) + ":" + of(entry.getValue()))
                    .collect(Collectors.joining(",", "{", "}"));
            case List<?> list -> list.stream().map(Json::of).collect(Collectors.joining(",\n", "[\n", "]"));
            case String text -> string(text);
            case Double number -> String.format(Locale.ROOT, "%.3f", number);
            case Integer number -> number.toString();
            case Boolean flag -> flag.toString();
            default -> throw new IllegalArgumentException("no JSON for " + value.getClass());
        };
    }

    private static String string(final String text) {
        final StringBuilder json = new StringBuilder("\"");
        text.chars().forEach(c -> {
            if (c < ' ') {
                json.append(String.format(Locale.ROOT, "\\u%04x", c));
            } else {
                json.append(c == '"' || c == '\\' ? "\\" : "").append((char) c);
            }
        });
        return json.append('"').toString();
    }
}
