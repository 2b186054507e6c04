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

    /// One JSON object.
    static String json(final Map<String, Object> facts) {
        return GSON.toJson(facts);
    }

    /// Tells at once that a server accepts, and where.
    static void listening(final PrintStream out, final Endpoint endpoint, final boolean json) {
        out.println(json ? json(Map.of("listening", endpoint.toString())) : "listening " + endpoint);
        out.flush();
    }
}
