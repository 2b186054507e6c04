package io.github.fdsock.cli.http;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.harness.junit.FdLedger;
import java.io.IOException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Every request is answered, in its order, whatever the client sends and in which pieces; the connection goes on or
/// ends as the answer says; and whoever is too slow, too large or no client at all is told and let go.
@Timeout(60)
@FdLedger
class HttpServerTest {
    private static final Pattern STATUS = Pattern.compile("HTTP/1\\.1 (\\d{3} [A-Za-z ]+)\r\n");
    private static final Pattern LENGTH = Pattern.compile("Content-Length: (\\d+)\r\n\r\n");

    /// Answers with the path.
    static void mirror(final RequestHead request, final Answers answers) {
        final byte[] path = new byte[request.pathLength()];
        for (int i = 0; i < path.length; i++) {
            path[i] = request.pathByte(i);
        }
        answers.begin(Status.OK).end(Answers.PLAIN_TEXT, path);
    }

    private static String answer(final String request) throws IOException {
        return Conversation.of(HttpServerTest::mirror, Conversation.LIMITS, request.replace("|", "\r\n"), true);
    }

    static List<String> statuses(final String answer) {
        return STATUS.matcher(answer).results().map(result -> result.group(1)).toList();
    }

    /// The bodies of well-formed answers, one behind the other.
    static List<String> bodies(final String answers) {
        final Matcher length = LENGTH.matcher(answers);
        final List<String> bodies = new ArrayList<>();
        for (int at = 0; at < answers.length(); ) {
            assertThat(answers.startsWith("HTTP/1.1 ", at)).as("an answer at %s", at).isTrue();
            assertThat(length.find(at)).isTrue();
            at = length.end() + Integer.parseInt(length.group(1));
            bodies.add(answers.substring(length.end(), at));
        }
        return bodies;
    }

    // ---- answers

    @Test
    void aConnectionIsKeptUntilEitherSideEndsIt() throws IOException {
        final String answers = answer("GET /a HTTP/1.1|Host: x||GET /b HTTP/1.1|Host: x||");
        assertThat(bodies(answers)).containsExactly("/a", "/b");
        assertThat(answers).doesNotContain("Connection:");
        assertThat(bodies(Conversation.of(HttpServerTest::mirror, Conversation.LIMITS,
                "GET /a HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\nGET /b HTTP/1.1\r\nHost: x\r\n\r\n", false)))
                .containsExactly("/a");
    }

    @Test
    void aClientOfHttp10IsToldThatItsConnectionIsKept() throws IOException {
        assertThat(answer("GET /a HTTP/1.0|Connection: keep-alive||GET /b HTTP/1.0||GET /c HTTP/1.0||"))
                .containsSubsequence("200 OK", "Connection: keep-alive\r\n", "/a",
                        "200 OK", "Connection: close\r\n", "/b")
                .doesNotContain("/c");
    }

    @Test
    void aHeadIsAGetWithoutTheBody() throws IOException {
        final String get = answer("GET /abc HTTP/1.0||");
        assertThat(get).endsWith("Content-Length: 4\r\n\r\n/abc");
        assertThat(answer("HEAD /abc HTTP/1.0||").replaceFirst("Date: .*", ""))
                .isEqualTo(get.replaceFirst("Date: .*", "").replaceFirst("/abc$", ""));
    }

    @Test
    void anyOtherMethodIsRefusedAndTheConnectionGoesOn() throws IOException {
        final String answers = answer("POST / HTTP/1.1|Host: x|Content-Length: 3||abcBREW / HTTP/1.1|Host: x|"
                + "Transfer-Encoding: chunked||3|abc|0||OPTIONS * HTTP/1.1|Host: x||GET /a HTTP/1.1|Host: x||");
        assertThat(statuses(answers)).containsExactly("405 Method Not Allowed", "501 Not Implemented",
                "405 Method Not Allowed", "200 OK");
        assertThat(answers).contains("Allow: GET, HEAD\r\n");
    }

    @Test
    void whoAsksWhetherToSendABodyIsToldNotTo() throws IOException {
        assertThat(answer("GET /a HTTP/1.1|Host: x|Content-Length: 5|Expect: 100-continue||"))
                .containsSubsequence("200 OK", "Connection: close\r\n", "/a");
        assertThat(statuses(answer("GET /a HTTP/1.1|Host: x|Expect: the-worst||")))
                .containsExactly("417 Expectation Failed");
    }

    @ParameterizedTest
    @ValueSource(strings = {"garbage|", "\0", "GET /|", "GET / HTTP/1.1||", "\u0016\u0003\u0001",
        "POST / HTTP/1.1|Host: x|Transfer-Encoding: chunked||x",
        "GET / HTTP/1.1|Host: x|Content-Length: 1|Content-Length: 2||"})
    void whatIsNoRequestIsAnsweredBehindTheOthersAndEndsTheConnection(final String garbage) throws IOException {
        // Much comes behind it, so that an end without manners would be a reset that overtakes the answer.
        final String answers = answer("GET /a HTTP/1.1|Host: x||" + garbage
                + "GET /b HTTP/1.1|Host: x||".repeat(10_000));
        assertThat(statuses(answers)).containsExactly("200 OK", "400 Bad Request");
        assertThat(answers).contains("Connection: close\r\n");
    }

    @ParameterizedTest
    @ValueSource(strings = {"HEAD /a HTTP/1.1||", "HEAD /a HTTP/1.1|Host: x|Transfer-Encoding: gzip||",
        "HEAD /a HTTP/1.1|Host: x|Content-Length: 2000000||",
        "HEAD /a HTTP/1.1|Host: x|Transfer-Encoding: chunked||x"})
    void aHeadThatIsRefusedIsAnsweredWithoutABodyToo(final String request) throws IOException {
        assertThat(answer(request)).startsWith("HTTP/1.1 ").doesNotContain("200 OK")
                .containsPattern("Content-Length: [1-9]").endsWith("\r\n\r\n");
    }

    @Test
    void tooLarge() throws IOException {
        assertThat(statuses(answer("GET /" + "a".repeat(9000)))).containsExactly("414 URI Too Long");
        assertThat(statuses(answer("GET / HTTP/1.1|A: " + "a".repeat(17_000))))
                .containsExactly("431 Request Header Fields Too Large");
        assertThat(statuses(answer("GET / HTTP/1.1|Host: x|Content-Length: 2000000||")))
                .containsExactly("413 Content Too Large");
        assertThat(statuses(answer("GET / HTTP/1.1|Host: x|Transfer-Encoding: chunked||" + "1;a|a|".repeat(300_000))))
                .containsExactly("413 Content Too Large");
    }

    // ---- who disturbs

    @Test
    void whoDoesNotReadIsNotReadFrom() throws IOException {
        final int many = 200_000;
        final StringBuilder requests = new StringBuilder();
        for (int i = 0; i < many; i++) {
            requests.append("GET /").append(i).append(" HTTP/1.1\r\nHost: x\r\n\r\n");
        }
        try (Conversation talk = new Conversation(HttpServerTest::mirror, Conversation.LIMITS)) {
            talk.client().pause();
            talk.client().write(requests.toString());
            talk.client().end();
            long before = -1;
            for (int quiet = 0; quiet < 50; quiet++) {
                talk.loop().runNoWait();
                if (talk.server().bytesRead() != before) {
                    before = talk.server().bytesRead();
                    quiet = 0;
                }
            }
            assertThat(talk.client().bytesQueued()).as("left with the client").isGreaterThan(1_000_000);
            assertThat(talk.server().bytesQueued()).as("kept for it").isBetween(1L, 200_000L);
            talk.client().resume();
            assertThat(bodies(talk.run())).isEqualTo(IntStream.range(0, many).mapToObj(i -> "/" + i).toList());
            assertThat(talk.mostQueued()).isLessThan(200_000);
        }
    }

    @Test
    void whoSendsManyRequestsAtOnceLeavesOthersTheirTurn() throws IOException {
        final int many = 2000;
        final int[] answered = {0, 0};
        final Site counting = (request, answers) -> {
            answered[0]++;
            mirror(request, answers);
        };
        try (Conversation talk = new Conversation(counting, Conversation.LIMITS)) {
            talk.client().write("GET / HTTP/1.1\r\nHost: x\r\n\r\n".repeat(many));
            talk.client().end();
            while (talk.loop().runOnce()) {
                assertThat(answered[0] - answered[1]).isLessThanOrEqualTo(2 * 64);
                answered[1] = answered[0];
            }
            assertThat(statuses(talk.answer())).hasSize(many);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"G", "GET / HTTP/1.1\r\nHost: x\r\n",
        "GET / HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nabc",
        "GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b"})
    void whoIsSlowWithARequestIsToldSo(final String beginning) throws IOException {
        final Limits hasty = new Limits(8192, 16384, 1000, Duration.ofMillis(50), Duration.ofSeconds(60));
        final String answers = Conversation.of(HttpServerTest::mirror, hasty, beginning, false);
        assertThat(statuses(answers)).last().isEqualTo("408 Request Timeout");
        assertThat(statuses(answers)).hasSize(beginning.contains("/b") ? 2 : 1);
    }

    @Test
    void whatIsToldOfASlowRequestIsItsOwn() throws IOException {
        final Limits hasty = new Limits(8192, 16384, 1000, Duration.ofMillis(50), Duration.ofSeconds(60));
        try (Conversation talk = new Conversation(HttpServerTest::mirror, hasty)) {
            // The answer to the first is read into where the second was.
            talk.client().write("GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /slow HTTP/1.1\r\nHo");
            talk.run();
            assertThat(talk.log()).isEqualTo("""
                    200 OK "GET /a HTTP/1.1"
                    408 Request Timeout "GET /slow HTTP/1.1"
                    """);
        }
    }

    @Test
    void whoEndsWithinARequestIsNotToldThatItIsSlow() throws IOException {
        final Limits hasty = new Limits(8192, 16384, 1000, Duration.ofMillis(50), Duration.ofSeconds(60));
        try (Conversation talk = new Conversation(HttpServerTest::mirror, hasty)) {
            // What is queued keeps the connection, and is too little to keep the server from reading on.
            talk.client().pause();
            int answers = 0;
            while (talk.server().bytesQueued() == 0) {
                talk.client().write("GET /" + "a".repeat(4000) + " HTTP/1.1\r\nHost: x\r\n\r\n");
                answers++;
                talk.loop().runNoWait();
            }
            talk.client().write("GET /b");
            talk.client().end();
            talk.loop().timer(talk.client()::resume).start(Duration.ofMillis(100));
            assertThat(statuses(talk.run())).hasSize(answers).containsOnly("200 OK");
        }
    }

    @Test
    void bytesThatTrickleInDoNotProlongTheTime() throws IOException {
        final Limits hasty = new Limits(8192, 16384, 1000, Duration.ofMillis(100), Duration.ofSeconds(60));
        try (Conversation talk = new Conversation(HttpServerTest::mirror, hasty)) {
            final long begin = System.nanoTime();
            final int[] bytes = {0};
            talk.loop().timer(() -> {
                if (talk.client().isWritable()) {
                    talk.client().write("A");
                    bytes[0]++;
                }
            }).start(0, 5_000_000);
            talk.client().onEnd(() -> {
                talk.loop().stop();
            });
            assertThat(statuses(talk.run())).containsExactly("408 Request Timeout");
            assertThat(System.nanoTime() - begin).isGreaterThan(100_000_000);
            // 20 of them have room in that time, however slow the machine is.
            assertThat(bytes[0]).isLessThan(40);
        }
    }

    @Test
    void whoIsSilentIsLetGoWithoutAWord() throws IOException {
        final Limits hasty = new Limits(8192, 16384, 1000, Duration.ofSeconds(60), Duration.ofMillis(50));
        assertThat(Conversation.of(HttpServerTest::mirror, hasty, "", false)).isEmpty();
        assertThat(bodies(Conversation.of(HttpServerTest::mirror, hasty, "GET /a HTTP/1.1\r\nHost: x\r\n\r\n", false)))
                .containsExactly("/a");
    }

    /// Such a line is left over from clients that send one behind a body; no request has begun.
    @ParameterizedTest
    @ValueSource(strings = {"\r\n", "\r\n\r\n", "GET /a HTTP/1.1\r\nHost: x\r\n\r\n\r\n"})
    void anEmptyLineBeginsNoRequest(final String text) throws IOException {
        final Limits hasty = new Limits(8192, 16384, 1000, Duration.ofMillis(50), Duration.ofMillis(200));
        final String answers = Conversation.of(HttpServerTest::mirror, hasty, text, false);
        assertThat(bodies(answers)).isEqualTo(text.contains("/a") ? List.of("/a") : List.of());
    }

    @Test
    void aRequestBehindAnEmptyLineHasItsTime() throws IOException {
        final Limits hasty = new Limits(8192, 16384, 1000, Duration.ofMillis(50), Duration.ofSeconds(60));
        try (Conversation talk = new Conversation(HttpServerTest::mirror, hasty)) {
            talk.client().write("\r\n");
            talk.loop().timer(() -> {
                talk.client().write("GET /a HTTP/1.1\r\nHost: x\r\n\r\n\r\nGET /slow");
            }).start(Duration.ofMillis(100));
            assertThat(statuses(talk.run())).containsExactly("200 OK", "408 Request Timeout");
        }
    }

    @Test
    void whoTakesNothingOfItsAnswerIsLetGo() throws IOException {
        final Limits hasty = new Limits(8192, 16384, 1000, Duration.ofSeconds(60), Duration.ofMillis(100));
        try (Conversation talk = new Conversation(HttpServerTest::mirror, hasty)) {
            talk.client().pause();
            talk.client().write(("GET /" + "a".repeat(4000) + " HTTP/1.1\r\nHost: x\r\n\r\n").repeat(1000));
            while (!talk.server().isClosed()) {
                talk.loop().runOnce();
            }
            talk.client().destroy();
            talk.run();
            assertThat(talk.log()).contains("connection lost: ").contains(" bytes that the client does not take");
        }
    }
}
