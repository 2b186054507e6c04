package io.github.fdsock.harness.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.OpenDescriptors;
import io.github.fdsock.harness.script.ScriptResult.Outcome;
import io.github.fdsock.testing.WithoutLedger;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Lines of other processes happen in the order of the script, with the descriptors that are theirs; what they come to
/// is told with its place, and no process outlives its script.
@WithoutLedger("scripts make the mistakes that it finds")
class ProcessesTest {
    private static final String PAIR = "socketpair(AF_UNIX, SOCK_STREAM, 0, [?a, ?b]) = 0\n";
    private static final String CHILD = "CHILD = spawn()\n";

    private OpenDescriptors before;

    private static ScriptResult run(String lines, boolean rawCheck) throws Exception {
        return Script.parse("test.calls", "# a claim\n" + lines).variants().getFirst()
                .run(Duration.ofSeconds(10), rawCheck);
    }

    private static void passes(String lines) throws Exception {
        assertThat(run(lines, false)).extracting(ScriptResult::outcome, ScriptResult::report)
                .containsExactly(Outcome.PASSED, "");
    }

    private static ScriptResult fails(String lines, String report) throws Exception {
        ScriptResult result = run(lines, false);
        assertThat(result.report()).isEqualTo(report.stripTrailing());
        assertThat(result.outcome()).isEqualTo(Outcome.FAILED);
        return result;
    }

    private static void isRefused(String lines, String message) {
        assertThatThrownBy(() -> run(lines, false)).isExactlyInstanceOf(ScriptException.class)
                .hasMessageStartingWith("test.calls:" + message);
    }

    /// Those of scripts, dead ones that nobody has waited for as well.
    private static List<Long> processes() throws IOException {
        try (Stream<Path> tasks = Files.list(Path.of("/proc/self/task"))) {
            StringBuilder children = new StringBuilder();
            for (Path task : tasks.toList()) {
                try {
                    children.append(Files.readString(task.resolve("children")));
                } catch (NoSuchFileException _) {
                    // A thread of the JVM's that has ended: its children are another's now.
                }
            }
            return Stream.of(children.toString().split(" ")).filter(pid -> !pid.isEmpty()).map(Long::valueOf).toList();
        }
    }

    private List<Long> processesBefore;

    @BeforeEach
    void look() throws IOException {
        before = OpenDescriptors.now();
        processesBefore = processes();
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        assertThat(before.difference()).isEmpty();
        assertThat(processes()).isEqualTo(processesBefore);
        assertThat(Thread.getAllStackTraces().keySet()).extracting(Thread::getName)
                .noneMatch(thread -> thread.startsWith("test.calls"));
    }

    @Nested
    class Descriptors {
        @Test
        void areInheritedUnderTheirNames() throws Exception {
            passes(PAIR + CHILD + """
                    CHILD: send(b, "hello", ..., 0) = 5
                    recv(a, "hello", 16, 0) = 5
                    CHILD: close(a) = 0
                    send(a, "still open here", ..., 0) = 15
                    CHILD: recv(b, "still open here", 16, 0) = 15
                    """);
        }

        @Test
        void thatAreCloseOnExecAreNot() throws Exception {
            isRefused("socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [?a, ?b]) = 0\nfcntl(a, F_SETFD, 0) = 0\n"
                    + CHILD + "CHILD: send(a, \"x\", 1, 0) = 1\nCHILD: send(b, \"x\", 1, 0) = 1\n",
                    "6:13: b is a descriptor of the script's own process alone: close-on-exec, or opened later");
        }

        @Test
        void ofAProcessAreNobodyElses() throws Exception {
            isRefused(CHILD + "CHILD: s = eventfd(1, 0)\nCHILD: read(s, u64(1), 8) = 8\nread(s, ..., 8) = 8\n",
                    "5:6: s is a descriptor of CHILD, not of this process");
            isRefused(CHILD + "OTHER = spawn()\nCHILD: pipe2([?r, ?w], 0) = 0\nOTHER: write(w, \"x\", 1) = 1\n",
                    "5:14: w is a descriptor of CHILD, not of this process");
            isRefused(CHILD + "v = eventfd(1, 0)\nCHILD: read(v, ..., 8) = 8\n",
                    "4:13: v is a descriptor of the script's own process alone");
            isRefused(CHILD + "CHILD: close(2) = 0\n", "3:8: descriptor 2 is not this script's");
        }

        @Test
        void thatArePassedAreTheReceivers() throws Exception {
            String rights = "msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[";
            passes(PAIR + CHILD + "CHILD: v = eventfd(5, 0)\nCHILD: sendmsg(b, {msg_iov=[{iov_base=\"x\"}], " + rights
                    + "v]}]}, 0) = 1\nrecvmsg(a, {msg_iov=[{iov_base=\"x\", iov_len=1}], " + rights
                    + "?mine]}], msg_controllen=24}, 0) = 1\nread(mine, u64(5), 8) = 8\n");
        }
    }

    @Nested
    class Names {
        @Test
        void ofValuesAreTheSameEverywhere() throws Exception {
            passes("""
                    CHILD = spawn()
                    CHILD: l = socket(AF_INET, SOCK_STREAM, 0)
                    CHILD: bind(l, inet("127.0.0.1", 0), ...) = 0
                    CHILD: listen(l, 1) = 0
                    CHILD: getsockname(l, ?name, [16]) = 0
                    c = socket(AF_INET, SOCK_STREAM, 0)
                    CHILD: s = accept(l, NULL, NULL <unfinished ...>
                    connect(c, name, ...) = 0
                    CHILD: <... accept resumed>)
                    send(c, "hello", ..., 0) = ?five
                    CHILD: recv(s, "hello", 16, 0) = five
                    """);
        }

        @Test
        void ofProcessesAreTheirIds() throws Exception {
            passes(PAIR.replace("SOCK_STREAM", "SOCK_DGRAM") + CHILD + """
                    setsockopt(a, SOL_SOCKET, SO_PASSCRED, [1], 4) = 0
                    CHILD: send(b, "x", 1, 0) = 1
                    recvmsg(a, {msg_iov=[{iov_base="x", iov_len=1}], msg_control=[{cmsg_level=SOL_SOCKET, \
                    cmsg_type=SCM_CREDENTIALS, cmsg_data={pid=CHILD, uid=uid, gid=gid}}], msg_controllen=32}, 0) = 1
                    CHILD: kill(pid, 0) = 0
                    CHILD: kill(CHILD, 0) = 0
                    """);
        }

        @Test
        void areTakenOnce() {
            isRefused(CHILD + "dup(-1) = ?x or -1 EBADF\nCHILD: getuid() = ?y\ngetuid() = ?y\n",
                    "5:12: y is taken already");
            isRefused("getuid() = ?y\n" + CHILD + "CHILD: getuid() = ?y\n", "4:19: y is taken already");
            isRefused("getuid() = ?CHILD\n" + CHILD, "3:1: CHILD is taken already");
        }
    }

    @Nested
    class Order {
        @Test
        void isThatOfTheScript() throws Exception {
            passes(PAIR + CHILD + "OTHER = spawn()\n" + """
                    CHILD: recv(b, "one", 16, 0 <unfinished ...>
                    OTHER: send(a, "one", ..., 0) = 3
                    CHILD: <... recv resumed>) = 3
                    A: recv(a, "two", 16, 0 <unfinished ...>
                    CHILD: send(b, "two", ..., 0) = 3
                    A: <... recv resumed>) = 3
                    OTHER: send(a, "three", ..., 0) = 5
                    CHILD: await(b, POLLIN)
                    CHILD: recv(b, "three", 16, 0) = 5
                    """);
        }

        @Test
        void theEndOfAProcessWakes() throws Exception {
            passes("pipe2([?r, ?w], 0) = 0\n" + CHILD + """
                    close(w) = 0
                    A: read(r, "", 16 <unfinished ...>
                    CHILD: +++ exited with 0 +++
                    A: <... read resumed>) = 0
                    """);
        }

        @Test
        void whatDoesNotBlockThereIsTold() throws Exception {
            fails(PAIR + CHILD + "send(a, \"x\", 1, 0) = 1\nCHILD: recv(b, \"x\", 1, 0 <unfinished ...>\nclose(a) = 0\n"
                    + "CHILD: <... recv resumed>) = 1\n", """
                    test.calls:7:30: expected a call that blocks, was 1
                    - CHILD: recv(b, "x", 1, 0 <unfinished ...>
                    + CHILD: recv(b, "x", 1, 0) = 1
                                                  ^
                    """);
        }
    }

    @Nested
    class Differences {
        @Test
        void haveTheirPlace() throws Exception {
            ScriptResult result = fails(PAIR + CHILD + "send(a, \"hello\", ..., 0) = 5\n"
                    + "CHILD: recv(b, \"hellO\", 16, 0) = 4\n", """
                    test.calls:5:16: expected "hellO", was "hello"
                    test.calls:5:34: expected 4, was 5
                    - CHILD: recv(b, "hellO", 16, 0) = 4
                    + CHILD: recv(b, "hello", 16, 0) = 5
                                     ^^^^^^^           ^
                    """);
            assertThat(result.lines()).hasSize(4).last().extracting(ScriptResult.Line::differences)
                    .isEqualTo(List.of(new ScriptResult.Difference(5, 16, "\"hellO\"", "\"hello\""),
                            new ScriptResult.Difference(5, 34, "4", "5")));
        }

        @Test
        void ofWhatIsAskedForHaveTheirs() {
            isRefused(CHILD + "CHILD: sokcet(1, 2, 3) = 0\n", "3:8: no call is named sokcet");
            isRefused(CHILD + "CHILD: close(FD) = 0\n", "3:14: unknown name FD");
        }

        @Test
        void ofCallsMadeAreTold() throws Exception {
            ScriptResult result = run(PAIR + CHILD + "CHILD: await(a, POLLOUT)\nCHILD: send(a, \"x\", 1, 0) = 1\n"
                    + "close(a) = 0\nclose(b) = 0\n", true);
            assertThat(result.outcome()).isEqualTo(Outcome.PASSED);
            assertThat(result.rawDifferences()).singleElement().asString()
                    .matches("test\\.calls:4:8: made poll\\(0x[0-9a-f]+, 1, \\d+\\) = 1");
        }

        @Test
        void skipARun() throws Exception {
            assertThat(run(CHILD + "# unless: CHILD: close(-1) = -1 EBADF\nclose(-1) = 7\n", false))
                    .extracting(ScriptResult::outcome, ScriptResult::report)
                    .containsExactly(Outcome.SKIPPED, "CHILD: close(-1) = -1 EBADF on this machine");
        }

        @Test
        void ofVariants() throws Exception {
            Script script = Script.parse("test.calls", "# a claim\n# with: N=1\n# with: N=2\nCHILD = spawn()\n"
                    + "CHILD: v = eventfd(N, 0)\nCHILD: read(v, u64(2), 8) = 8\n");
            assertThat(script.variants().getFirst().run().report()).startsWith("test.calls:6:20: expected 2, was 1");
            assertThat(script.variants().getLast().run().outcome()).isEqualTo(Outcome.PASSED);
        }
    }

    @Nested
    class Ends {
        @Test
        void areAsTheyAreWritten() throws Exception {
            passes(CHILD + "CHILD: +++ exited with 255 +++\n");
            passes(CHILD + "kill(CHILD, SIGKILL) = 0\nCHILD: +++ killed by SIGKILL +++   # at once\n");
            passes(CHILD + "CHILD: close(-1) = -1 EBADF\nkill(CHILD, SIGTERM) = 0\nCHILD: +++ killed by SIGTERM +++\n");
            passes(CHILD + "p = pidfd_open(CHILD, 0)\npidfd_send_signal(p, SIGKILL, NULL, 0) = 0\nawait(p, POLLIN)\n"
                    + "kill(CHILD, 0) = 0\nCHILD: +++ killed by SIGKILL +++\n"
                    + "pidfd_send_signal(p, 0, NULL, 0) = -1 ESRCH\n");
        }

        @ParameterizedTest
        @ValueSource(strings = {"kill(pid, SIGKILL", "raise(SIGKILL", "recv(b, ..., 1, 0"})
        void cutACallShort(String call) throws Exception {
            passes(PAIR + CHILD + "CHILD: " + call + " <unfinished ...>\n"
                    + (call.startsWith("recv") ? "kill(CHILD, SIGKILL) = 0\n" : "")
                    + "CHILD: +++ killed by SIGKILL +++\n");
        }

        @Test
        void areToldWhereTheyAreOthers() throws Exception {
            fails(CHILD + "kill(CHILD, SIGKILL) = 0\nCHILD: +++ exited with 0 +++\n", """
                    test.calls:4:12: expected exited with 0, was killed by SIGKILL
                    - CHILD: +++ exited with 0 +++
                    + CHILD: +++ killed by SIGKILL +++
                                 ^^^^^^^^^^^^^^^^^
                    """);
            fails(CHILD + "kill(CHILD, SIGTERM) = 0\nCHILD: +++ killed by SIGKILL +++\n", """
                    test.calls:4:12: expected killed by SIGKILL, was killed by SIGTERM
                    - CHILD: +++ killed by SIGKILL +++
                    + CHILD: +++ killed by SIGTERM +++
                                 ^^^^^^^^^^^^^^^^^
                    """);
            fails(CHILD + "# timeout: 900ms\nCHILD: +++ killed by SIGTERM +++\n", """
                    test.calls:4:12: expected killed by SIGTERM, was still there after 900 ms
                    - CHILD: +++ killed by SIGTERM +++
                    + CHILD: +++ still there after 900 ms +++
                                 ^^^^^^^^^^^^^^^^^^^^^^^^
                    """);
        }

        @Test
        void thatNoLineSaysAreTold() throws Exception {
            fails(CHILD + "kill(CHILD, SIGKILL) = 0\nCHILD: close(-1) = -1 EBADF\n", """
                    test.calls:4:8: expected a call that returns, but CHILD was killed by SIGKILL
                    - CHILD: close(-1) = -1 EBADF
                    """);
            fails(PAIR + CHILD + "CHILD: kill(pid, SIGTERM) = 0\n", """
                    test.calls:4:8: expected a call that returns, but CHILD was killed by SIGTERM
                    - CHILD: kill(pid, SIGTERM) = 0
                    """);
            fails(PAIR + CHILD + "CHILD: recv(a, ..., 1, 0 <unfinished ...>\nkill(CHILD, SIGTERM) = 0\n"
                    + "CHILD: <... recv resumed>) = 1\n", """
                    test.calls:4:8: expected a call that returns, but CHILD was killed by SIGTERM
                    - CHILD: recv(a, ..., 1, 0) = 1
                    """);
            fails(CHILD + "kill(CHILD, SIGKILL) = 0\nclose(-1) = -1 EBADF\n", """
                    test.calls:2:9: expected a process that is there to the end, but CHILD was killed by SIGKILL
                    - CHILD = spawn()
                    """);
        }

        @Test
        void thatDoNotComeAreTold() throws Exception {
            fails(PAIR + CHILD + "CHILD: recv(a, ..., 1, 0 <unfinished ...>\nsend(b, \"x\", 1, 0) = 1\n"
                    + "# timeout: 900ms\nCHILD: +++ killed by SIGKILL +++\n", """
                    test.calls:7:12: expected killed by SIGKILL, was still there after 900 ms
                    - CHILD: +++ killed by SIGKILL +++
                    + CHILD: +++ still there after 900 ms +++
                                 ^^^^^^^^^^^^^^^^^^^^^^^^
                    """);
            fails(CHILD + "CHILD: kill(pid, SIGURG <unfinished ...>\nCHILD: +++ killed by SIGKILL +++\n", """
                    test.calls:3:25: expected a call that does not return, was 0
                    - CHILD: kill(pid, SIGURG <unfinished ...>
                    + CHILD: kill(pid, SIGURG) = 0
                                               ^^^
                    """);
        }
    }

    @Nested
    class OutOfTime {
        @Test
        void aCallIsTold() throws Exception {
            fails("# timeout: 900ms\n" + PAIR + CHILD + "OTHER = spawn()\nA: recv(b, ..., 1, 0 <unfinished ...>\n"
                    + "CHILD: recv(a, ..., 1, 0) = 1\nA: <... recv resumed>) = 1\n", """
                    test.calls:7:8: still in this call after 900 ms
                    - CHILD: recv(a, ..., 1, 0) = 1
                      and A: recv(b, ..., 1, 0) = 1
                    """);
        }

        @Test
        void aConditionIsTold() throws Exception {
            fails("# timeout: 900ms\n" + PAIR + CHILD + "CHILD: await(a, POLLIN)\n", """
                    test.calls:5:24: expected POLLIN, was 0 within 900 ms
                    - CHILD: await(a, POLLIN)
                    + CHILD: await(a, POLLIN) = 0
                                              ^^^
                    """);
        }

        @Test
        void aProcessThatIsStoppedIsKilled() throws Exception {
            fails("# timeout: 900ms\n" + CHILD + "OTHER = spawn()\nCHILD: close(-1) = -1 EBADF\n"
                    + "kill(CHILD, SIGSTOP) = 0\nOTHER: close(-1) = -1 EBADF\nCHILD: close(-1) = -1 EBADF\n", """
                    test.calls:8:8: still in this call after 900 ms
                    - CHILD: close(-1) = -1 EBADF
                    """);
            passes(CHILD + "CHILD: close(-1) = -1 EBADF\nkill(CHILD, SIGSTOP) = 0\n");
        }
    }

    @Test
    void anInterruptEndsThem() throws Exception {
        Thread runner = Thread.currentThread();
        Thread interrupter = Thread.ofPlatform().start(() -> {
            // Once the last line is being waited for.
            while (runner.getState() != Thread.State.TIMED_WAITING || Stream.of(runner.getStackTrace())
                    .noneMatch(frame -> frame.getMethodName().equals("returned"))) {
                Thread.onSpinWait();
            }
            runner.interrupt();
        });
        assertThatThrownBy(() -> run(PAIR + CHILD + "OTHER = spawn()\nCHILD: recv(a, ..., 1, 0) = 1\n", false))
                .isInstanceOf(InterruptedException.class);
        interrupter.join();
    }

    @Test
    void whatAnswersNoMoreIsTold() throws Exception {
        assertThat(run(CHILD + "CHILD: write(1, \"garbage that is no answer\", ...) = 25\n", false))
                .satisfies(result -> assertThat(result.outcome()).isEqualTo(Outcome.FAILED))
                .extracting(ScriptResult::report).asString().startsWith("test.calls:3:8: expected a call that returns, "
                        + "but CHILD answers no more: ");
    }

    @Test
    void whoPassesItsAnswersOnEndsAllTheSame() throws Exception {
        String rights = "msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[";
        passes(PAIR + CHILD + "CHILD: sendmsg(b, {msg_iov=[{iov_base=\"x\"}], " + rights + "1]}]}, 0) = 1\n"
                + "recvmsg(a, {msg_iov=[{iov_base=\"x\", iov_len=1}], " + rights
                + "?kept]}], msg_controllen=24}, 0) = 1\n");
    }

    @Test
    void whatCannotBeStartedIsTold() throws Exception {
        for (String rule : List.of("posix_spawnp:error=EAGAIN", "pidfd_open:error=EMFILE:when=2",
                "socketpair:error=EMFILE", "setsockopt:error=ENOMEM")) {
            try (Faults _ = Faults.inject(rule)) {
                assertThat(run("v = eventfd(0, 0)\n" + CHILD, false)).satisfies(result -> assertThat(result.outcome())
                        .isEqualTo(Outcome.FAILED)).extracting(ScriptResult::report).asString()
                        .startsWith("test.calls:3:9: " + rule.replaceFirst(":.*", "(")).contains(rule.split("[:=]")[2])
                        .endsWith("\n- CHILD = spawn()");
            }
            nothingIsLeft();
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
        "spawn()                                     | 2:1: a process has a name: `CHILD = spawn()`",
        "A: B = spawn()                              | 2:1: a process is started by `B = spawn()`, and by nobody",
        "A = spawn(1)                                | 2:11: spawn takes nothing: a process has those descriptors",
        "A = spawn() = 0                             | 2:13: nothing may follow here",
        "A = spawn();A = spawn()                     | 3:1: A is a process, since line 2",
        "A: close(-1) = 0;A = spawn()                | 3:1: A is a thread, since line 2",
        "A: +++ exited with 0 +++                    | 2:1: no process is called A",
        "close(-1) = 0;+++ exited with 0 +++         | 3:1: of which process? `CHILD: +++ ...`",
        "A = spawn();A: +++ exited with 0            | 3:21: expected +++, not the end",
        "A = spawn();A: +++ exited 0 +++             | 3:15: expected with",
        "A = spawn();A: +++ ended with 0 +++         | 3:8: a process has exited with a status or was killed",
        "A = spawn();A: +++ exited with 256 +++      | 3:20: 256 is not within 0..255",
        "A = spawn();A: +++ killed by SIGBAD +++     | 3:18: unknown name SIGBAD",
        "A = spawn();A: +++ exited with 0 +++;A: close(-1) = 0  | 4:1: A has ended in line 3",
        "A = spawn();A: +++ exited with 0 +++;A: +++ exited with 0 +++  | 4:1: A has ended in line 3",
        "A = spawn();A: recv(0, ..., 1, 0 <unfinished ...>;A: close(-1) = 0 | 4:1: this process is in the call of",
        "A = spawn();A: recv(0, ..., 1, 0 <unfinished ...>;A: +++ exited with 0 +++ | 4:8: A is in the call of line 3",
        "A = spawn();A: await(0, 1 <unfinished ...>;A: +++ killed by SIGKILL +++ | 3:4: await is no call that blocks",
        "A = spawn();kill(A, SIGSEGV) = 0            | 3:1: signal 11 may end a process; SIGURG",
        "A = spawn();A: raise(SIGABRT) = 0           | 3:4: signal 6 may end a process; SIGURG",
        "A = spawn();A: kill(1, SIGKILL) = 0         | 3:4: signal 9 may end a process; SIGURG",
        "A = spawn();waitid(P_PID, A, NULL, WEXITED) = 0 | 3:1: whose end it takes is waited for by somebody else",
    })
    void whatIsNotDone(String lines, String message) {
        isRefused(lines.replace(';', '\n'), message);
    }
}
