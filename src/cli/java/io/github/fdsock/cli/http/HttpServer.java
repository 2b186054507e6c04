package io.github.fdsock.cli.http;

import io.github.fdsock.loop.Stream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.file.Path;
import java.time.Duration;

/// Serves a site over HTTP/1.1 (RFC 9110, RFC 9112) on the streams that it is given, which belong to one loop.
///
/// GET and HEAD are answered, whatever else is refused. Connections are kept, and requests that come before the answer
/// to an earlier one are answered in their order. Bodies are read and thrown away.
public final class HttpServer {
    private final Limits limits;
    private final Site site;
    private final PrintStream log;
    private final boolean verbose;
    private final Answers answers = new Answers();

    HttpServer(final Site site, final Limits limits, final PrintStream log, final boolean verbose) {
        this.site = site;
        this.limits = limits;
        this.log = log;
        this.verbose = verbose;
    }

    /// Makes a server.
    ///
    /// @param root    the directory whose files are served; null for one small page
    /// @param request so long a request may take from its first byte to its last
    /// @param idle    so long a connection may be silent
    /// @param log     is told what went wrong; and of each answer, where it is wanted
    /// @param verbose whether it is
    /// @return the server
    /// @throws IOException there is no such directory
    public static HttpServer open(final Path root, final Duration request, final Duration idle, final PrintStream log,
            final boolean verbose) throws IOException {
        final Limits usual = Limits.USUAL;
        return new HttpServer(root == null ? new Greeting() : new FileTree(root, log),
                new Limits(usual.requestLine(), usual.head(), usual.body(), request, idle), log, verbose);
    }

    /// Serves a connection, until it ends.
    ///
    /// @param stream the connection
    /// @param tcp whether it is one of TCP
    /// @throws IOException it is gone already
    public void serve(final Stream stream, final boolean tcp) throws IOException {
        new HttpConnection(this, stream);
        if (tcp) {
            stream.noDelay(true);
        }
    }

    Limits limits() {
        return limits;
    }

    Site site() {
        return site;
    }

    /// What is sent to the connection that has its turn.
    Answers answers() {
        return answers;
    }

    /// Tells of something that went wrong.
    void complain(final String what) {
        log.println(what);
    }

    /// Tells of an answer, where that is wanted.
    void answered(final RequestHead request, final Status status) {
        if (verbose) {
            log.println(status + " \"" + printable(request.requestLine()) + '"');
        }
    }

    /// Quotes what a terminal might obey.
    private static String printable(final String line) {
        final StringBuilder text = new StringBuilder();
        for (int i = 0; i < line.length(); i++) {
            final char c = line.charAt(i);
            text.append(c == '"' || c == '\\' || c < ' ' || c > '~' ? String.format("\\x%02x", (int) c) : c);
        }
        return text.toString();
    }
}
