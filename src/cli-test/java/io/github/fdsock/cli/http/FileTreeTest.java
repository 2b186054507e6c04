package io.github.fdsock.cli.http;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.Sweep;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.sys.Call;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import java.nio.file.Path;
import java.nio.file.attribute.FileTime;
import java.time.Duration;
import java.time.Instant;
import java.util.Random;
import java.util.regex.Pattern;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// The files below the root are sent as they are, wholly, in part, or not where the client has them; nothing else is.
@Timeout(120)
@FdLedger
class FileTreeTest {
    private static final int SIZE = 300_000;
    private static final String MODIFIED = "Sun, 06 Nov 1994 08:49:37 GMT";

    @TempDir
    private Path folder;

    private final ByteArrayOutputStream log = new ByteArrayOutputStream();
    private Path root;
    private FileTree files;
    private String content;

    @BeforeEach
    void plant() throws IOException {
        root = Files.createDirectory(folder.resolve("root"));
        final byte[] bytes = new byte[SIZE];
        new Random(1).nextBytes(bytes);
        content = new String(bytes, StandardCharsets.ISO_8859_1);
        Files.write(root.resolve("file.bin"), bytes);
        Files.setLastModifiedTime(root.resolve("file.bin"), FileTime.from(Instant.ofEpochSecond(784_111_777)));
        Files.writeString(root.resolve("empty.txt"), "");
        Files.createDirectories(root.resolve("folder/deeper"));
        Files.writeString(root.resolve("folder/index.html"), "<p>index</p>");
        Files.writeString(root.resolve("with space %2f.html"), "odd");
        Files.createSymbolicLink(root.resolve("within"), Path.of("folder/../file.bin"));
        Files.createSymbolicLink(root.resolve("circle"), Path.of("circle"));
        // Beside the root, with a name that begins like it.
        Files.writeString(folder.resolve("root.secret"), "secret");
        Files.createDirectory(folder.resolve("rooted"));
        Files.writeString(folder.resolve("rooted/index.html"), "secret");
        Files.createSymbolicLink(root.resolve("out"), Path.of("../root.secret"));
        Files.createSymbolicLink(root.resolve("away"), folder.resolve("rooted"));
        files = new FileTree(root, new PrintStream(log, true));
    }

    private String get(final String target, final String... fields) throws IOException {
        return Conversation.of(files, Conversation.LIMITS, "GET " + target
                + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n"
                + (fields.length == 0 ? "" : String.join("\r\n", fields) + "\r\n") + "\r\n", false);
    }

    private static String body(final String answer) {
        return answer.substring(answer.indexOf("\r\n\r\n") + 4);
    }

    @Test
    void aFileIsSentWithWhatIsKnownOfIt() throws IOException {
        final String answer = get("/file.bin?query");
        assertThat(answer).startsWith("HTTP/1.1 200 OK\r\n").contains("\r\nContent-Length: " + SIZE + "\r\n",
                "\r\nContent-Type: application/octet-stream\r\n", "\r\nAccept-Ranges: bytes\r\n",
                "\r\nLast-Modified: " + MODIFIED + "\r\n");
        assertThat(body(answer)).isEqualTo(content);
        assertThat(body(get("/within"))).isEqualTo(content);
        assertThat(body(get("//file.bin"))).isEqualTo(content);
        assertThat(body(get("http://anywhere/file.bin"))).isEqualTo(content);
        assertThat(body(get("/with%20space%20%252f.html"))).isEqualTo("odd");
        assertThat(get("/empty.txt")).startsWith("HTTP/1.1 200 OK").endsWith("\r\nContent-Length: 0\r\n\r\n");
    }

    @Test
    void filesThatAreAskedForTogetherComeOneBehindTheOther() throws IOException {
        final String next = " HTTP/1.1\r\nHost: x\r\n\r\n";
        final String answers = Conversation.of(files, Conversation.LIMITS, "GET /file.bin" + next
                + "HEAD /file.bin" + next + "GET /nothing" + next + "GET /file.bin" + next + "GET /empty.txt" + next
                + "GET /folder/" + next,
                true);
        assertThat(answers).containsSubsequence("200 OK", content,
                "200 OK", "Content-Length: " + SIZE + "\r\n\r\nHTTP/1.1 404",
                "200 OK", content, "200 OK", "Content-Length: 0\r\n\r\nHTTP/1.1 200 OK")
                .endsWith("\r\n\r\n<p>index</p>");
    }

    /// A closed stream waits for less.
    @Test
    void theLastFileOfAConnectionMayBeTakenAsSlowlyAsAnyOther() throws IOException {
        try (Conversation talk = new Conversation(files, Conversation.LIMITS)) {
            talk.client().pause();
            talk.client().write("GET /file.bin HTTP/1.0\r\n\r\n");
            talk.loop().timer(talk.client()::resume).start(Duration.ofMillis(5500));
            assertThat(body(talk.run())).isEqualTo(content);
            assertThat(talk.log()).doesNotContain("lost");
        }
    }

    @Test
    void whoTakesNothingOfTheLastFileIsLetGo() throws IOException {
        final Limits hasty = new Limits(8192, 16384, 1000, Duration.ofSeconds(60), Duration.ofMillis(100));
        try (Conversation talk = new Conversation(files, hasty)) {
            talk.client().pause();
            talk.client().write("GET /file.bin HTTP/1.0\r\n\r\n");
            while (!talk.server().isClosed()) {
                talk.loop().runOnce();
            }
            talk.client().destroy();
            talk.run();
            assertThat(talk.log()).contains(" bytes that the client does not take");
        }
    }

    @Test
    void aFolderIsItsIndexBehindASlash() throws IOException {
        assertThat(get("/folder/")).contains("Content-Type: text/html; charset=utf-8").endsWith("<p>index</p>");
        assertThat(get("/folder?a=b")).startsWith("HTTP/1.1 301 ").contains("\r\nLocation: ./folder/?a=b\r\n");
        // Not to another host of that name.
        assertThat(get("//folder")).contains("\r\nLocation: ./folder/\r\n");
        assertThat(get("/folder/deeper/")).startsWith("HTTP/1.1 403 ");
        assertThat(get("/")).startsWith("HTTP/1.1 403 ");
    }

    @ParameterizedTest
    @CsvSource({"/nothing, 404", "/file.bin/, 404", "/file.bin/x, 404", "/out, 404", "/away/index.html, 404",
        "/away/, 404", "/away, 404", "/circle, 404", "/.., 404", "/../root.secret, 404",
        "/folder/../../root.secret, 404",
        "/folder/.., 404", "/%2e%2e/root.secret, 404", "/.%2E/root.secret, 404", "/..%2froot.secret, 404",
        "/folder%2Findex.html, 404",
        "/folder/../file.bin, 404", "/file.bin%00, 400", "/%00, 400", "/%, 400", "/%2, 400", "/%g0, 400", "/%0g, 400"})
    void nothingElseIsSent(final String target, final int status) throws IOException {
        assertThat(get(target)).startsWith("HTTP/1.1 " + status + " ").doesNotContain("secret\n");
        assertThat(log.toString()).isEmpty();
    }

    @Test
    void aNameLongerThanTheKernelTakesIsNotFound() throws IOException {
        for (int length = 3900; length < 4200; length++) {
            assertThat(get("/" + "a/".repeat(length / 2))).startsWith("HTTP/1.1 404 ");
        }
        assertThat(get("/" + "a".repeat(300))).startsWith("HTTP/1.1 404 ");
    }

    @Test
    void aPipeIsNotWaitedForAndNotSent() throws Exception {
        assertThat(new ProcessBuilder("mkfifo", root.resolve("pipe").toString()).start().waitFor()).isZero();
        assertThat(get("/pipe")).startsWith("HTTP/1.1 403 ");
    }

    @ParameterizedTest
    @CsvSource({"bytes=0-0, 0, 1", "bytes=1000-1999, 1000, 1000", "bytes=299999-, 299999, 1", "bytes=-10, 299990, 10",
        "bytes=0-, 0, 300000", "bytes=5-400000, 5, 299995"})
    void aPartIsSent(final String range, final int start, final int length) throws IOException {
        final String answer = get("/file.bin", "Range: " + range, "If-Range: " + MODIFIED);
        assertThat(answer).startsWith("HTTP/1.1 206 Partial Content\r\n")
                .contains("\r\nContent-Length: " + length + "\r\n",
                "\r\nContent-Range: bytes " + start + "-" + (start + length - 1) + "/300000\r\n");
        assertThat(body(answer)).isEqualTo(content.substring(start, start + length));
    }

    @ParameterizedTest
    @ValueSource(strings = {"Range: bytes=0-1,5-6", "Range: lines=1-2", "Range: bytes=2-1",
        "Range: bytes=0-1\r\nIf-Range: Sun, 06 Nov 1994 08:49:38 GMT", "Range: bytes=0-1\r\nIf-Range: \"tag\""})
    void aPartThatIsNotUnderstoodOrOfAnotherFileIsTheWhole(final String fields) throws IOException {
        final String answer = get("/file.bin", fields);
        assertThat(answer).startsWith("HTTP/1.1 200 OK");
        assertThat(body(answer)).isEqualTo(content);
    }

    @Test
    void aPartThatIsNotThere() throws IOException {
        assertThat(get("/file.bin", "Range: bytes=300000-")).startsWith("HTTP/1.1 416 ")
                .contains("\r\nContent-Range: bytes */300000\r\n");
    }

    @Test
    void whoHasItIsToldSo() throws IOException {
        for (final String since : new String[] {MODIFIED, "Sun, 06 Nov 1994 08:49:38 GMT",
                "Sunday, 06-Nov-94 08:49:37 GMT"}) {
            assertThat(get("/file.bin", "If-Modified-Since: " + since)).startsWith("HTTP/1.1 304 Not Modified\r\n")
                    .contains("\r\nLast-Modified: " + MODIFIED + "\r\n").doesNotContain("Content-Length")
                    .endsWith("\r\n\r\n");
        }
        for (final String other : new String[] {"If-Modified-Since: Sun, 06 Nov 1994 08:49:36 GMT",
                "If-Modified-Since: never",
            "If-Modified-Since: " + MODIFIED + "\r\nIf-None-Match: \"tag\""}) {
            assertThat(get("/file.bin", other)).startsWith("HTTP/1.1 200 OK");
        }
    }

    @Test
    void whoWantsNothingOfWhatIsThereOrAnotherIsToldSo() throws IOException {
        assertThat(get("/file.bin", "If-None-Match: *")).startsWith("HTTP/1.1 304 Not Modified\r\n")
                .endsWith("\r\n\r\n");
        assertThat(get("/nothing", "If-None-Match: *")).startsWith("HTTP/1.1 404 ");
        assertThat(get("/file.bin", "If-Match: \"tag\"")).startsWith("HTTP/1.1 412 Precondition Failed\r\n");
    }

    @Test
    void noTimeIsLaterThanTheYear1969() throws IOException {
        Files.setLastModifiedTime(root.resolve("file.bin"), FileTime.from(Instant.EPOCH.minusSeconds(1_000_000)));
        assertThat(get("/file.bin", "If-Modified-Since: never")).startsWith("HTTP/1.1 200 OK");
        assertThat(get("/file.bin", "If-Modified-Since: Thu, 01 Jan 1970 00:00:00 GMT")).startsWith("HTTP/1.1 304 ");
    }

    @Test
    void whatWillBeModifiedIsTakenForModifiedNow() throws IOException {
        Files.setLastModifiedTime(root.resolve("file.bin"), FileTime.from(Instant.now().plusSeconds(1_000_000)));
        final String answer = get("/file.bin");
        final String date = answer.replaceFirst("(?s).*\r\nDate: ([^\r]*)\r\n.*", "$1");
        final String modified = answer.replaceFirst("(?s).*\r\nLast-Modified: ([^\r]*)\r\n.*", "$1");
        assertThat(HttpDate.read(modified)).isBetween(HttpDate.read(date), HttpDate.read(date) + 1);
    }

    @Test
    void aRootThatIsNoneIsRefused() {
        assertThatThrownBy(() -> new FileTree(root.resolve("nothing"), null)).isInstanceOf(NoSuchFileException.class);
        // What is left of a variable that is not set: not the working directory.
        assertThatThrownBy(() -> new FileTree(Path.of(""), null)).isInstanceOf(NoSuchFileException.class);
        assertThatThrownBy(() -> new FileTree(root.resolve("file.bin"), null))
                .isInstanceOf(NotDirectoryException.class);
    }

    @Test
    void aRootOfAnyName() throws IOException {
        final Path odd = Files.createDirectory(folder.resolve("a b%20\u00e4?#"));
        Files.writeString(odd.resolve("a"), "found");
        files = new FileTree(odd, new PrintStream(log, true));
        assertThat(body(get("/a"))).isEqualTo("found");
        final Path link = Files.createSymbolicLink(folder.resolve("link"), odd);
        files = new FileTree(link, new PrintStream(log, true));
        assertThat(body(get("/a"))).isEqualTo("found");
    }

    @Test
    void whicheverCallFailsTheAnswerIsRightOrTheClientKnowsThatItIsNot() {
        final String requests = "GET /file.bin HTTP/1.1\r\nHost: x\r\n\r\n"
                + "GET /folder/ HTTP/1.1\r\nHost: x\r\nRange: bytes=1-2\r\nConnection: close\r\n\r\n";
        final Sweep.Report report = Sweep.of(() -> {
            try (Conversation talk = new Conversation(files, Conversation.LIMITS)) {
                talk.client().write(requests);
                final String answers = talk.run();
                if (talk.cause() != null) {
                    throw new IOException(talk.log(), talk.cause());
                }
                final boolean whole = answers.endsWith("\r\n\r\np>") && answers.contains("\r\n\r\n" + content
                        + "HTTP/1.1 206 ");
                if (!whole) {
                    // The client sees a status, or fewer bytes than it was told.
                    final boolean refused = Pattern.compile("HTTP/1.1 (403|404|500|503) ").matcher(answers).find();
                    assertThat(refused || !answers.endsWith("\r\n\r\np>")).as(answers).isTrue();
                    throw new IOException(talk.log() + log);
                }
            }
        // Why a file is not there to be sent is the client's business alone.
        }).expecting((rule, thrown) -> thrown.getMessage().matches("(?s).*(403 Forbidden|404 Not Found).*")).run();
        assertThat(report.failed()).containsKeys(Call.open, Call.sendfile, Call.send, Call.recv, Call.close,
                Call.shutdown);
    }
}
