package io.github.fdsock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import com.google.gson.JsonParser;
import java.util.Map;
import org.junit.jupiter.api.Test;

/// A JSON object says what it was given, and a terminal has nothing to obey in it.
class OutputTest {
    @Test
    void whatIsNotPrintableIsEscaped() {
        final String name = "a\u001b[2J\n\u007f\u009b31m\u202e\u2028\ud83d\ude00\udb40\udc41\udc00\u00e9\\\"<";
        final String line = Output.json(Map.of("name", name));
        assertThat(JsonParser.parseString(line).getAsJsonObject().get("name").getAsString()).isEqualTo(name);
        assertThat(line).isEqualTo("{\"name\":\"a\\u001b[2J\\n\\u007f\\u009b31m\\u202e\\u2028\ud83d\ude00\\udb40\\udc41"
                + "\\udc00\u00e9\\\\\\\"<\"}");
    }
}
