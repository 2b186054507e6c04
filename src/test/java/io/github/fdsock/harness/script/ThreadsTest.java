package io.github.fdsock.harness.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.script.ScriptResult.Outcome;
import io.github.fdsock.testing.WithoutLedger;
import io.github.fdsock.harness.OpenDescriptors;
import java.time.Duration;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Calls of several threads happen in the order of the script; those that block do so until the line that wakes them.
class ThreadsTest {
    private static final String PAIR = "socketpair(AF_UNIX, SOCK_STREAM, 0, [?a, ?b]) = 0\n";
    private static final String READS = "A: recv(b, \"hello\", 16, 0 <unfinished ...>\n";
    private static final String SENDS = "send(a, \"hello\", ..., 0) = 5\n";

    /// The time of a script runs while its first calls are linked, too: here they have been.
    @BeforeAll
    static void link() throws Exception {
        passes(PAIR + "await(a, POLLOUT)\ne = epoll_create1(0)\nv = eventfd(0, 0)\n"
                + "t = timerfd_create(CLOCK_MONOTONIC, 0)\npipe2([?r, ?w], 0) = 0\n");
    }

    private static ScriptResult run(String lines) throws Exception {
        return Script.parse("test.calls", "# a claim\n" + lines).variants().getFirst()
                .run(Duration.ofSeconds(10), false);
    }

    private static void passes(String lines) throws Exception {
        assertThat(run(lines)).extracting(ScriptResult::outcome, ScriptResult::report)
                .containsExactly(Outcome.PASSED, "");
    }

    private static void fails(String lines, String report) throws Exception {
        ScriptResult result = run(lines);
        assertThat(result.report()).isEqualTo(report.stripTrailing());
        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
    }

    @Test
    void aCallBlocksUntilTheLineThatWakesIt() throws Exception {
        passes(PAIR + READS + SENDS + "A: <... recv resumed>) = 5\n");
    }

    @Test
    void theTimeoutMayBeLongerThanAnyRun() throws Exception {
        String lines = PAIR + READS + "await(a, POLLOUT)\n" + SENDS + "A: <... recv resumed>) = 5\n";
        assertThat(Script.parse("test.calls", "# a claim\n" + lines).variants().getFirst()
                .run(Duration.ofSeconds(Long.MAX_VALUE), false))
                .extracting(ScriptResult::outcome, ScriptResult::report).containsExactly(Outcome.PASSED, "");
    }

    @Test
    void oneLineWakesSeveral() throws Exception {
        passes(PAIR + """
                A: recv(b, "", 16, 0 <unfinished ...>
                B: recv(b, <unfinished ...>
                C: poll([{fd=b, events=POLLIN}] => [{fd=b, events=POLLIN, revents=POLLIN}], 1, -1 <unfinished ...>
                shutdown(a, SHUT_WR) = 0
                A: <... recv resumed>) = 0
                B: <... recv resumed>"", 16, 0) = 0
                C: <... poll resumed>) = 1
                """);
    }

    @Test
    void descriptorsMadeInOneThreadAreUsedInAnother() throws Exception {
        passes("""
                l = socket(AF_INET, SOCK_STREAM, 0)
                bind(l, inet("127.0.0.1", 0), ...) = 0
                listen(l, 1) = 0
                getsockname(l, ?name, [16]) = 0
                SERVER: s = accept(l, NULL, NULL <unfinished ...>
                c = socket(AF_INET, SOCK_STREAM, 0)
                connect(c, name, ...) = 0
                SERVER: <... accept resumed>)
                SERVER: send(s, "hi", ..., 0) = 2
                recv(c, "hi", 2, MSG_WAITALL) = 2
                """);
    }

    @Test
    void aTimeoutOfTheKernelWakesWithoutALine() throws Exception {
        passes("e = epoll_create1(0)\nA: epoll_wait(e, [], 8, 50 <unfinished ...>\nA: <... epoll_wait resumed>) = 0\n"
                .replace("[]", "..."));
    }

    @Test
    void aThreadKeepsItsOwnSignalMask() throws Exception {
        passes("""
                A: pthread_sigmask(SIG_BLOCK, [SIGURG], NULL) = 0
                A: raise(SIGURG) = 0
                f = signalfd(-1, [SIGURG], SFD_NONBLOCK)
                read(f, ..., 128) = -1 EAGAIN
                A: read(f, {ssi_signo=SIGURG, ...}, 128) = 128
                """);
    }

    @Test
    void whatDoesNotBlockIsTold() throws Exception {
        fails(PAIR + SENDS + READS + SENDS + "A: <... recv resumed>) = 5\n", """
                test.calls:6:26: expected a call that blocks, was 5
                - A: recv(b, "hello", 16, 0 <unfinished ...>
                + A: recv(b, "hello", 16, 0) = 5
                                               ^
                """);
    }

    @Test
    void whatReturnsBeforeItsLineIsTold() throws Exception {
        fails(PAIR + READS + SENDS + "shutdown(a, SHUT_WR) = 0\nA: <... recv resumed>) = 5\n", """
                test.calls:6:26: expected a call that blocks until line 5, was 5
                - A: recv(b, "hello", 16, 0 <unfinished ...>
                + A: recv(b, "hello", 16, 0) = 5
                                               ^
                """);
    }

    @Test
    void aDifferenceInEitherPartIsPlacedThere() throws Exception {
        fails(PAIR + READS + "send(a, \"hellO\", ..., 0) = 5\nA: <... recv resumed>) = 4\n", """
                test.calls:3:12: expected "hello", was "hellO"
                test.calls:5:26: expected 4, was 5
                - A: recv(b, "hello", 16, 0) = 4
                + A: recv(b, "hellO", 16, 0) = 5
                             ^^^^^^^         ^
                """.replace("  ^^^^^^^         ^", "  ^^^^^^^           ^"));
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "A: recv(0, ..., 1, 0 <unfinished ...>| 2:1: a call that is begun here and",
        "A: <... recv resumed>) = 1 | 2:1: nothing of this thread is unf",
        "A: recv(0, ..., 1, 0 <unfinished ...>;A: close(-1) = 0 | 3:1: this thread is in the call of",
        "A: recv(0, ..., 1, 0 <unfinished ...>;A: <... read resumed>) = 1 | 3:9: unfinished is recv, in line 2",
        "A: recv(0, ..., 1, 0 <unfinished ...>;A: <... recv resumed>) = | 3:25: expected a value, not the end",
        "A: recv(0, ..., 1, 0 <unfinished ...>;A: <... recv resumed>, !) = 1 | 3:24: expected a value",
        "NULL: close(-1) = 0 | 2:1: not a name: NULL",
    })
    void unparsableParts(String lines, String message) {
        assertThatThrownBy(() -> run(lines.replace(';', '\n'))).isExactlyInstanceOf(ScriptException.class)
                .hasMessageStartingWith("test.calls:" + message);
    }

    @Nested
    @WithoutLedger("closes -1 on purpose")
    class OutOfTime {
        @ParameterizedTest
        @ValueSource(strings = {
            "recv(b, ..., 16, 0",
            "accept(l, NULL, NULL",
            "recvfrom(d, ..., 16, 0, NULL, NULL",
            "read(v, ..., 8",
            "read(t, ..., 8",
            "read(r, ..., 8",
            "write(full, u64(2), 8",
            "epoll_wait(e, ..., 8, -1",
            "epoll_pwait2(e, ..., 8, NULL, NULL",
            "poll([{fd=b, events=POLLIN}] => ..., 1, -1",
            "ppoll([{fd=r, events=POLLIN}] => ..., 1, NULL, []",
        })
        void allThatBlocksIsToldAndNothingIsLeftBehind(String call) throws Exception {
            String name = call.substring(0, call.indexOf('('));
            OpenDescriptors before = OpenDescriptors.now();
            ScriptResult result = run("# timeout: 600ms\n" + PAIR + """
                    l = socket(AF_INET, SOCK_STREAM, 0)
                    listen(l, 1) = 0
                    d = socket(AF_INET, SOCK_DGRAM, 0)
                    v = eventfd(0, 0)
                    full = eventfd(0, 0)
                    write(full, u64(18446744073709551614), ...) = 8
                    t = timerfd_create(CLOCK_MONOTONIC, 0)
                    pipe2([?r, ?w], 0) = 0
                    e = epoll_create1(0)
                    A: CALL <unfinished ...>
                    close(-1) = -1 EBADF
                    A: <... NAME resumed>) = ...
                    """.replace("CALL", call).replace("NAME", name));
            assertThat(result.report()).isEqualTo("test.calls:13:4: still in this call after 600 ms\n- A: "
                    + call + ") = ...");
            assertThat(before.difference()).isEmpty();
            assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
                    .noneMatch(thread -> thread.startsWith("test.calls"));
        }
    }

    @Nested
    class Conditions {
        @Test
        void areWaitedFor() throws Exception {
            passes(PAIR + """
                    t = timerfd_create(CLOCK_MONOTONIC, 0)
                    timerfd_settime(t, 0, {it_value={tv_nsec=20000000}}, NULL) = 0
                    await(t, POLLIN)
                    read(t, u64(1), 8) = 8
                    await(b, POLLOUT) = POLLOUT
                    close(a) = 0
                    await(b, POLLIN|POLLHUP|POLLRDHUP) = POLLIN|POLLHUP|POLLRDHUP
                    """);
        }

        @Test
        void areAllOfThem() throws Exception {
            fails("# timeout: 600ms\n" + PAIR + "await(b, POLLIN|POLLOUT)\n", """
                    test.calls:4:25: expected POLLIN|POLLOUT, was POLLOUT within 600 ms
                    - await(b, POLLIN|POLLOUT)
                    + await(b, POLLIN|POLLOUT) = POLLOUT
                                               ^^^^^^^^^
                    """);
        }

        @Test
        void mayBeMoreThanIsWaitedFor() throws Exception {
            fails(PAIR + "close(a) = 0\nawait(b, POLLIN) = POLLIN\n", """
                    test.calls:4:20: expected POLLIN, was POLLIN|POLLHUP
                    - await(b, POLLIN) = POLLIN
                    + await(b, POLLIN) = POLLIN|POLLHUP
                                         ^^^^^^^^^^^^^^
                    """);
        }

        @Test
        void ofNoDescriptorAreNone() throws Exception {
            fails("await(999, POLLIN)\n", """
                    test.calls:2:19: expected POLLIN, was POLLNVAL
                    - await(999, POLLIN)
                    + await(999, POLLIN) = POLLNVAL
                                         ^^^^^^^^^^
                    """);
        }
    }
}
