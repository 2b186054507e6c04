package io.github.fdsock.cli.http;

import java.time.Duration;

/// How much a client may ask of the server.
///
/// @param requestLine the bytes of a request line; more is answered with 414
/// @param head        the bytes of request line and header fields together; more is answered with 431
/// @param body        the bytes of a body, in chunks with all that belongs to them; more is answered with 413
/// @param request     so long a request may take from its first byte to its last; longer is answered with 408
/// @param idle        so long nothing may be sent by the client, or taken; then the connection ends
record Limits(int requestLine, int head, long body, Duration request, Duration idle) {
    /// What other servers have: 8 KiB for a line is nginx's, and 16 KiB for the head are Node's.
    static final Limits USUAL = new Limits(8 * 1024, 16 * 1024, 1024 * 1024, Duration.ofSeconds(30),
            Duration.ofSeconds(60));
}
