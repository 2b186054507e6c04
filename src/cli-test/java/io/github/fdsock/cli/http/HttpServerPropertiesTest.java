package io.github.fdsock.cli.http;

import static io.github.fdsock.cli.http.HttpServerTest.bodies;
import static io.github.fdsock.cli.http.HttpServerTest.statuses;
import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.IntRange;

/// Whatever a client sends, and in whatever pieces: what is a request is answered in its order, and nothing else is.
class HttpServerPropertiesTest {
    @Property(tries = 8)
    void aThousandRequestsInPiecesAreAnsweredInTheirOrder(@ForAll @IntRange(min = 1, max = 96) final int first,
            @ForAll @IntRange(min = 1, max = 96) final int step) throws IOException {
        final byte[] requests = IntStream.range(0, 1000)
                .mapToObj(i -> switch (i % 4) {
                    case 0 -> "GET /" + i + " HTTP/1.1\r\nHost: x\r\n\r\n";
                    case 1 -> "\r\nGET http://x/" + i + "?q HTTP/1.1\r\nhost:\r\nUser-Agent: " + "x".repeat(i % 300)
                            + "\r\n\r\n";
                    case 2 -> "GET /" + i + " HTTP/1.1\r\nHost: x\r\nContent-Length: " + i + "\r\n\r\n"
                            + "\r".repeat(i);
                    default -> "GET /" + i + " HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n"
                            + "3;x\r\n\r\n0\r\n2\r\n\r\n\r\n0\r\nT: t\r\n\r\n"
                            + (i == 999 ? "GET /1000 HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" : "");
                }).collect(Collectors.joining()).getBytes(StandardCharsets.US_ASCII);
        try (Conversation talk = new Conversation(HttpServerTest::mirror, Conversation.LIMITS)) {
            talk.sendInPieces(requests, first, step);
            assertThat(bodies(talk.run())).isEqualTo(IntStream.rangeClosed(0, 1000).mapToObj(i -> "/" + i).toList());
        }
    }

    @Provide
    Arbitrary<String> nearlyRequests() {
        return Arbitraries.of("GET / HTTP/1.1\r\nHost: x\r\n\r\n", "GET ", "HEAD ", "POST ", "/", " HTTP/1.1", "\r\n",
                "\r\n\r\n", "\n", "Host: x", "Content-Length: 5", "Content-Length: x", "Transfer-Encoding: chunked",
                "5\r\nhello\r\n",
                "0\r\n\r\n", "Range: bytes=0-", ":", " ", "\0", "\u00ff", "Connection: close", "Expect: 100-continue")
                .list().ofMaxSize(20).map(list -> String.join("", list));
    }

    @Property(tries = 500)
    void anythingIsAnsweredOrEndsTheConnectionAndNothingElse(@ForAll("nearlyRequests") final String text)
            throws IOException {
        try (Conversation talk = new Conversation(HttpServerTest::mirror, Conversation.LIMITS)) {
            talk.client().write(text);
            talk.client().end();
            final String answers = talk.run();
            assertThat(talk.cause()).isNull();
            assertThat(talk.log()).doesNotContain("connection lost");
            assertThat(statuses(answers)).allMatch(status -> status.matches("200 .*|400 .*|405 .*|501 .*"));
            // Nothing is said behind a refusal.
            assertThat(statuses(answers).stream().dropWhile(status -> !status.startsWith("400"))).hasSizeLessThan(2);
        }
    }

    @Property(tries = 200)
    void anyBytesToo(@ForAll final byte[] bytes) throws IOException {
        final String answers = Conversation.of(HttpServerTest::mirror, Conversation.LIMITS,
                new String(bytes, StandardCharsets.ISO_8859_1), true);
        assertThat(statuses(answers)).hasSizeLessThan(2);
    }
}
