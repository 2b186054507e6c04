package io.github.fdsock.harness.script;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import io.github.fdsock.harness.OpenDescriptors;
import io.github.fdsock.sys.Call;
import io.github.fdsock.testing.WithoutLedger;
import java.time.Duration;
import java.util.Arrays;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/// A script passes only where the kernel did what it says; whatever else it says fails with its place.
@WithoutLedger("scripts make the mistakes that it finds")
class NotationTest {
    private static final String HEADER = "# a claim\n# cases: L01\n";
    private static final String PAIR = "socketpair(AF_UNIX, SOCK_STREAM|SOCK_CLOEXEC, 0, [?a, ?b]) = 0\n";
    private static final String RIGHTS = "cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=";
    private static final String PASSED = PAIR
            + "sendmsg(a, {msg_iov=[{iov_base=\"x\"}], msg_control=[{" + RIGHTS + "[a, b]}]}, 0) = 1\n";
    private static final String SENT = PAIR + "send(a, \"hello\", ..., 0) = 5\n";

    private static void run(String lines) throws Exception {
        ScriptTests.require(Script.parse("test.calls", HEADER + lines).variants().getFirst().run());
    }

    /// A line that receives what [#PASSED] has sent.
    private static String received(String control) {
        return "recvmsg(b, {msg_iov=[{iov_base=\"x\", iov_len=8}], msg_control=" + control
                + ", msg_controllen=64 => 24, msg_flags=0}, 0) = 1\n";
    }

    private static void fails(String lines, String... messages) {
        assertThatThrownBy(() -> run(lines)).isExactlyInstanceOf(AssertionFailedError.class)
                .hasMessageContainingAll(messages);
    }

    private static void isRefused(String lines, String... messages) {
        assertThatThrownBy(() -> run(lines)).isExactlyInstanceOf(ScriptException.class)
                .hasMessageContainingAll(messages);
    }

    @Test
    void everyCallWithPlainArgumentsHasASignature() {
        Set<Call> without = Arrays.stream(Call.values()).filter(call -> !Signature.all().containsKey(call))
                .filter(call -> !call.name().startsWith("posix_spawn")).collect(Collectors.toSet());
        // They give or take memory, or give names.
        assertThat(without).containsExactlyInAnyOrder(Call.mmap, Call.munmap, Call.getaddrinfo, Call.freeaddrinfo,
                Call.getnameinfo, Call.if_indextoname);
    }

    @Nested
    class Expectations {
        @Test
        void whatIsRightPasses() throws Exception {
            run(SENT + "recv(b, \"hello\", 16, 0) = 5\n");
        }

        @Test
        void anotherNumber() {
            assertThatThrownBy(() -> run(PAIR + "send(a, \"hello\", ..., 0) = 4"))
                    .isInstanceOfSatisfying(AssertionFailedError.class, error -> {
                        assertThat(error).hasMessage("""
                                test.calls:4:28: expected 4, was 5
                                - send(a, "hello", ..., 0) = 4
                                + send(a, "hello", ..., 0) = 5
                                                             ^""");
                        String line = "send(a, \"hello\", ..., 0) = ";
                        assertThat(error.getExpected().getStringRepresentation()).isEqualTo(line + "4");
                        assertThat(error.getActual().getStringRepresentation()).isEqualTo(line + "5");
                    });
        }

        @Test
        void anotherErrno() {
            fails(PAIR + "recv(a, ..., 16, MSG_DONTWAIT) = -1 EINTR|EBADF",
                    "test.calls:4:34", "expected -1 EINTR|EBADF",
                    "was -1 EAGAIN (Resource temporarily unavailable)");
        }

        @Test
        void failureInsteadOfSuccess() {
            fails("socket(0, SOCK_STREAM, 0) = 0..", "expected 0..", "was -1 EAFNOSUPPORT");
            fails("s = socket(0, SOCK_STREAM, 0)", "test.calls:3:30", "expected a descriptor", "EAFNOSUPPORT");
            fails("socket(0, SOCK_STREAM, 0) = ?s", "was -1 EAFNOSUPPORT");
        }

        @Test
        void successInsteadOfFailure() {
            fails(PAIR + "shutdown(a, SHUT_RD) = -1 EINVAL", "expected -1 EINVAL", "was 0");
        }

        @Test
        void aBadPointerThatIsPerhapsNoneOnPurpose() {
            fails(PAIR + "setsockopt(a, SOL_SOCKET, SO_PRIORITY, 1, 4) = 0",
                    "expected 0, was -1 EFAULT (Bad address): 1 is a bad pointer, `[1]` one to an int\n",
                    "\n+ setsockopt(a, SOL_SOCKET, SO_PRIORITY, 1, 4) = -1 EFAULT (Bad address)\n");
        }

        @Test
        void errnosWithTheirTextAsStraceHasThem() throws Exception {
            run(PAIR + "listen(a, 1) = -1 EINVAL (Invalid argument)   # a comment\n");
            fails(PAIR + "close(-1) = -1 EINVAL (Invalid argument)", "expected -1 EINVAL, was -1 EBADF (Bad file",
                    "\n+ close(-1) = -1 EBADF (Bad file descriptor)\n");
        }

        @Test
        void neitherOfTwo() {
            fails(PAIR + "shutdown(a, SHUT_RD) = 1 or -1 EINVAL", "expected 1 or -1 EINVAL", "was 0");
        }

        @Test
        void outOfRange() {
            fails(PAIR + "send(a, \"hello\", ..., 0) = 1..4", "expected 1..4", "was 5");
            fails(PAIR + "send(a, \"hello\", ..., 0) = 6..", "expected 6..", "was 5");
        }

        @Test
        void otherBytes() {
            fails(SENT + "recv(b, \"hellO\", 16, 0) = 5", "test.calls:5:9", "expected \"hellO\"", "was \"hello\"");
            fails(SENT + "recv(b, \"hell\", 16, 0) = 5", "expected \"hell\"", "was \"hello\"");
            fails(SENT + "recv(b, \"hello!\", 16, 0) = 5", "expected \"hello!\"", "was \"hello\"");
            fails(SENT + "recv(b, \"\\x00\\xff\\\"\", 16, 0) = 5", "expected \"\\x00\\xff\\\"\"");
        }

        @Test
        void bytesWhereNoneShouldBe() {
            fails(SENT + "recv(b, untouched, 16, 0) = 5", "expected 0 bytes written", "was also byte 0");
        }

        @Test
        void moreBytesThanTold() {
            fails(PAIR + "getsockopt(a, SOL_SOCKET, SO_TYPE, u16(1), [4]) = 0",
                    "test.calls:4:36", "of 2 bytes", "4 bytes");
        }

        @Test
        void otherLength() {
            fails(PAIR + "getsockname(a, unix(), [128]) = 0", "test.calls:4:25", "expected 128", "was 2");
            fails(PAIR + "getsockname(a, unix(), [128 => 3]) = 0", "expected 3", "was 2");
        }

        @Test
        void otherAddress() {
            fails("s = socket(AF_INET, SOCK_STREAM, 0)\ngetsockname(s, inet(\"127.0.0.1\", 0), [16]) = 0",
                    "test.calls:4:16", "expected inet(\"127.0.0.1\", 0)", "was inet(\"0.0.0.0\", 0)");
            fails("s = socket(AF_INET, SOCK_STREAM, 0)\ngetsockname(s, inet(\"0.0.0.0\", 1..), [16]) = 0",
                    "expected 1..", "was 0");
            fails("s = socket(AF_UNIX, SOCK_STREAM, 0)\nbind(s, unix(@\"$TMP\"), ...) = 0\n"
                    + "getsockname(s, unix(@\"x\"), [128 => ...]) = 0", "expected unix(@\"x\")",
                    "was unix(\"\\x00");
        }

        @Test
        void otherOption() {
            fails(PAIR + "getsockopt(a, SOL_SOCKET, SO_TYPE, [SOCK_DGRAM], [4]) = 0", "expected SOCK_DGRAM (2)",
                    "was 1");
        }

        @Test
        void otherEvents() {
            String setUp = "e = epoll_create1(0)\nv = eventfd(1, 0)\nepoll_ctl(e, EPOLL_CTL_ADD, v, {events=EPOLLIN,"
                    + " data=7}) = 0\n";
            fails(setUp + "epoll_wait(e, [{events=EPOLLIN, data=8}], 8, 0) = 1",
                    "expected {events=EPOLLIN, data=8} among them", "was [{events=1, data=7}]");
            fails(setUp + "epoll_wait(e, [{events=EPOLLIN, data=7}, {events=EPOLLIN, data=8}], 8, 0) = 1",
                    "of 24 bytes", "12 bytes");
        }

        @Test
        void twoEventsAlikeWhereOneDiffers() {
            fails("e = epoll_create1(0)\nv = eventfd(1, 0)\nw = eventfd(1, 0)\n"
                    + "epoll_ctl(e, EPOLL_CTL_ADD, v, {events=EPOLLIN, data=1}) = 0\n"
                    + "epoll_ctl(e, EPOLL_CTL_ADD, w, {events=EPOLLIN, data=2}) = 0\n"
                    + "epoll_wait(e, [{events=EPOLLIN, data=1}, {events=EPOLLIN, data=1}], 8, 0) = 2",
                    "expected {events=EPOLLIN, data=1} among them", "was [{events=1, data=2}]");
        }

        @Test
        void otherField() {
            fails("t = timerfd_create(CLOCK_MONOTONIC, 0)\n"
                    + "timerfd_gettime(t, {it_interval={tv_sec=0, tv_nsec=0}, it_value={tv_sec=1, tv_nsec=0}}) = 0",
                    "test.calls:4:73: expected it_value.tv_sec=1, was 0");
        }

        @Test
        void otherMessage() {
            fails(SENT + "recvmsg(b, {msg_iov=[{iov_base=\"hell\", iov_len=4}, {iov_base=\"x\", iov_len=4}]}, 0) = 5",
                    "expected iov_base=\"x\"", "was \"o\"");
            fails(SENT + "recvmsg(b, {msg_iov=[{iov_base=\"hello\", iov_len=9}], msg_flags=MSG_TRUNC}, 0) = 5",
                    "expected msg_flags=MSG_TRUNC (32)", "was 0");
            fails(SENT + "recvmsg(b, {msg_iov=[{iov_base=\"hello\", iov_len=9}], msg_control=..., msg_controllen=24},"
                    + " 0) = 5", "expected msg_controllen=24", "was 0");
        }

        @Test
        void otherControlMessages() throws Exception {
            run(PASSED + received("[{cmsg_len=24, " + RIGHTS + "[?x, ?y]}]") + "fcntl(x, F_GETFD, 0) = 0\n");
            run(PASSED + received("..."));
            fails(PASSED + received("[]"), "test.calls:5:62", "expected msg_control=[]",
                    "was [{cmsg_len=24, cmsg_level=1, cmsg_type=1, cmsg_data=\"");
            fails(PASSED + received("untouched"), "expected msg_control=0 bytes written", "was also byte 0");
            fails(PASSED + received("[{" + RIGHTS + "[?x, ?y]}, {" + RIGHTS + "...}]"), "expected msg_control=[{",
                    "was [{cmsg_len=24, ");
            fails(PASSED + received("[{" + RIGHTS + "[?x]}]"), "of 4 bytes, was 8 bytes ");
            fails(PASSED + received("[{" + RIGHTS + "[a, b]}]"), "expected msg_control.cmsg_data=a (");
            fails(PASSED + received("[{cmsg_len=20, " + RIGHTS + "...}]"), "expected msg_control.cmsg_len=20, was 24");
            fails(PASSED + received("[{" + RIGHTS.replace("SCM_RIGHTS", "SCM_CREDENTIALS") + "...}]"),
                    "expected msg_control.cmsg_type=SCM_CREDENTIALS (2), was 1");
            fails(PASSED + received("[{" + RIGHTS.replace("SOL_SOCKET", "SOL_UDP") + "...}]"),
                    "expected msg_control.cmsg_level=SOL_UDP (17), was 1");
            fails(PASSED + received("...").replace("=> 24", "=> 23"), "expected msg_controllen=23", "was 24");
            fails(PASSED + received("...").replace("64 => 24", "20 => 20"), "expected msg_flags=0", "was 8");
        }

        @Test
        void controlMessagesAsLongAsTheScriptSays() throws Exception {
            String message = "sendmsg(a, {msg_iov=[{iov_base=\"x\"}], msg_control=[{LEN" + RIGHTS
                    + "[a]}]ROOM}, 0) = ";
            String refused = PAIR + message + "-1 EINVAL\n";
            run(PAIR + message.replace("LEN", "").replace("ROOM", "") + "1\n");
            run(refused.replace("LEN", "cmsg_len=1, ").replace("ROOM", ""));
            run(refused.replace("LEN", "").replace("ROOM", ", msg_controllen=19"));
            run(refused.replace("LEN", "cmsg_len=25, ").replace("ROOM", ""));
            run(PAIR + message.replace("LEN", "cmsg_len=16, ").replace("ROOM", ", msg_controllen=16") + "1\n");
        }

        @Test
        void anotherOffender() throws Exception {
            String script = """
                    s = socket(AF_INET, SOCK_DGRAM, 0)
                    bind(s, inet("127.0.0.1", 0), ...) = 0
                    getsockname(s, ?name, [16]) = 0
                    close(s) = 0
                    c = socket(AF_INET, SOCK_DGRAM, 0)
                    connect(c, name, ...) = 0
                    setsockopt(c, IPPROTO_IP, IP_RECVERR, [1], ...) = 0
                    send(c, "x", ..., 0) = 1
                    poll([{fd=c}] => [{revents=POLLERR, ...}], 1, 5000) = 1
                    recvmsg(c, {msg_iov=[{iov_base="x", iov_len=8}], msg_control=[{cmsg_level=IPPROTO_IP, \
                    cmsg_type=IP_RECVERR, cmsg_data={ee_errno=ECONNREFUSED, ...}}], msg_controllen=64 => 48, \
                    msg_flags=MSG_ERRQUEUE}, MSG_ERRQUEUE) = 1
                    """;
            run(script);
            run(script.replace("...}}", "offender=inet(\"127.0.0.1\", 0), ...}}"));
            fails(script.replace("...}}", "offender=inet(\"127.0.0.2\", 0), ...}}"),
                    "offender=inet(\"127.0.0.2\", 0)");
            fails(script.replace("...}}", "ee_origin=SO_EE_ORIGIN_LOCAL, ...}}"), "ee_origin=SO_EE_ORIGIN_LOCAL (1)");
        }

        @Test
        void truncationNobodyExpected() {
            fails("socketpair(AF_UNIX, SOCK_DGRAM, 0, [?a, ?b]) = 0\nsend(a, \"hello\", ..., 0) = 5\n"
                    + "recvmsg(b, {msg_iov=[{iov_base=\"hell\", iov_len=4}]}, 0) = 4", "expected msg_flags=0",
                    "was 32");
        }

        @Test
        void otherNameThanTaken() {
            fails(PAIR + "send(a, \"hello\", ..., 0) = ?n\nrecv(b, ..., 3, 0) = n", "expected n", "was 3");
        }
    }

    @Nested
    class Faults {
        @Test
        void unknownNames() {
            isRefused("socket(AF_INTE, SOCK_STREAM, 0) = 0", "test.calls:3:8: unknown name AF_INTE");
            isRefused("sokcet(AF_INET, SOCK_STREAM, 0) = 0", "test.calls:3:1: no call is named sokcet");
            isRefused("shutdown(s, 0) = 0", "test.calls:3:10: unknown name s");
            isRefused("shutdown(-1, 0) = -1 ENOTHING", "test.calls:3:19: unknown name ENOTHING");
            isRefused(PAIR + "send(a, {tv_sec=1, tv_rest=2}, ..., 0) = 0",
                    "test.calls:4:9: no struct has these fields: tv_sec, tv_rest");
            isRefused(PAIR + "sendmsg(a, {msg_io=NULL}, 0) = 0", "test.calls:4:12: a message has no field msg_io");
            isRefused(PAIR + "sendmsg(a, {msg_control=[{" + RIGHTS + "[a], cmsg_size=1}]}, 0) = 0",
                    "test.calls:4:12: not {cmsg_level=..., cmsg_type=..., cmsg_data=...}: {cmsg_level=SOL_SOCKET");
            isRefused(PAIR + "sendmsg(a, {msg_control=[{cmsg_level=SOL_SOCKET, cmsg_data=[a]}]}, 0) = 0",
                    "test.calls:4:12: not {cmsg_level=");
            isRefused(PASSED + received("[{cmsg_type=SCM_RIGHTS, ...}]"), "test.calls:5:12: not {cmsg_level=");
            isRefused(PAIR + "bind(a, inte(\"127.0.0.1\", 0), ...) = 0",
                    "test.calls:4:9: nothing that goes into a call");
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "socket(AF_INET, SOCK_STREAM, 0)         | 3:32: expected =, not the end",
            "socket(AF_INET, SOCK_STREAM 0) = 0      | 3:29: expected )",
            "socket(AF_INET, , 0) = 0                | 3:17: expected a value",
            "socket AF_INET                          | 3:8: expected (",
            "shutdown(1, 2) = 0 0                    | 3:20: nothing may follow here",
            "s = socket(1, 2, 3) = 0                 | 3:21: nothing may follow here",
            "send(1, \"hello, 5, 0) = 5              | 3:9: a string without an end",
            "send(1, \"\\q\", 5, 0) = 5              | 3:10: unknown escape \\q",
            "send(1, \"\\x4\", 5, 0) = 5             | 3:10: \\x wants two digits",
            "shutdown(1x, 2) = 0                     | 3:10: not a number: 1x",
            "shutdown(09, 2) = 0                     | 3:10: not a number: 09",
            "shutdown(1, 2) = -1                     | 3:20: expected the name of an errno, not the end",
            "shutdown(1, 2) = -1 bad                 | 3:21: not the name of an errno: bad",
            "NULL = socket(1, 2, 3)                  | 3:1: not a name: NULL",
            "epoll_ctl(1, 2, 3, {data=1, data=2}) = 0| 3:29: the field data stands here twice",
            "!                                       | 3:1: expected the name of a call",
        })
        void unparsableLines(String line, String message) {
            isRefused(line.replace("\\\\", "\\"), "test.calls:" + message);
        }

        @Test
        void showTheLineWithAMark() {
            assertThatThrownBy(() -> run(PAIR + "\tsend(a, \"x\", ..., MSG_NOSINGAL) = 1   # a comment"))
                    .hasMessage("test.calls:4:20: unknown name MSG_NOSINGAL; did you mean MSG_NOSIGNAL?\n"
                            + "  \tsend(a, \"x\", ..., MSG_NOSINGAL) = 1   # a comment\n  \t                  ^");
            assertThatThrownBy(() -> run(PAIR + "A: recv(a, ..., 1, 0 <unfinished ...>\nshutdown(b, 1) = 0\n"
                    + "A: <... recv resumed>, 5) = 0"))
                    .hasMessage("test.calls:4:4: recv takes 4 arguments, here are 5\n  A: recv(a, ..., 1, 0\n     ^");
            assertThatThrownBy(() -> run(PAIR + "A: recv(a, ..., 1, 0 <unfinished ...>\nshutdown(b, 1) = 0\n"
                    + "A: <... recv resumed>) = 0 0"))
                    .hasMessage("test.calls:6:28: nothing may follow here\n  A: <... recv resumed>) = 0 0\n"
                            + " ".repeat(29) + "^");
        }

        /// What somebody writes who has not read all of it.
        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "socketpair(AF_UNIX, 1, 0, [c, ?d]) = 0   | 4:27: unknown name c: no constant of C, and no line before",
            "s = scoket(AF_INET, SOCK_STREAM, 0)      | 4:5: no call is named scoket; did you mean socket?",
            "CHILD = fork()                           | 4:9: no call is named fork; `CHILD = spawn()` starts a process",
            "exit_group(0) = ...                      | 4:1: no call is named exit_group; `CHILD: +++ exited",
            "A: exit(0) = ...                         | 4:4: no call is named exit; `CHILD: +++ exited with 0 +++`",
            "send(a, 'hello', 5, 0) = 5               | 4:9: text stands between \"\"",
            "send(a, \"h\u00e9\", ..., 0) = 3       | 4:11: a character that is not ASCII; write its bytes as \\x..",
            "send(a, \"x\", 1, 0)                    | 4:19: expected =, not the end: what it gives, `= 5`,",
            "listen(a, 1) = EOPNOTSUPP                | 4:16: an error is written -1 EOPNOTSUPP",
            "getsockname(a, ..., 16) = 0              | 4:21: the library itself reads a length, which no bad pointer "
                + "leads to; `[16]` points to one",
            "epoll_ctl(a, 1, a, {EPOLLIN}) = 0        | 4:28: expected =: a value for the field EPOLLIN",
            "bind(a, {sa_family=AF_INET}, 16) = 0     | 4:9: no struct has these fields: sa_family; addresses are",
            "bind(a, AF_INET, 16) = 0                 | 4:9: nothing that a pointer can point to: AF_INET; `[AF_INET]`",
            "bind(a, {tv_sec=1, tv_nsek=1}, 16) = 0   | 4:9: no struct has these fields: tv_sec, tv_nsek",
            "connect(a, NULL, 0) = -1 EINVAL (Invalid | 4:41: expected ), not the end",
            "#timeout: 5s                             | 4:1: not a comment like others? It has to begin with `# time",
            "# timeout 5s                             | 4:1: not a comment like others? It has to begin with `# time",
            "# with TYPE=SOCK_STREAM                  | 4:1: not a comment like others? It has to begin with `# with",
            "#unless: close(1) = 0                   | 4:1: not a comment like others? It has to begin with `# unle",
        })
        void saysWhatIsMeantPerhaps(String line, String message) {
            isRefused(PAIR + line, "test.calls:" + message);
        }

        @Test
        void commentsAreFree() throws Exception {
            run("# with the other end closed\n# timeout is the default\n# unless somebody has it\n"
                    + "close(-1) = -1 EBADF\n");
        }

        @Test
        void numbersOfArguments() {
            isRefused("socket(AF_INET, SOCK_STREAM) = 0", "test.calls:3:1: socket takes 3 arguments, here are 2");
        }

        @Test
        void numbersTooLarge() {
            isRefused("shutdown(4294967296, 0) = 0", "test.calls:3:10: 4294967296 is no int");
        }

        @Test
        void lengthsBeyondTheirMemory() {
            isRefused(PAIR + "send(a, \"hello\", 6, 0) = 6",
                    "test.calls:4:1: send: a length of 6 bytes in a segment of 5");
        }

        @Test
        void comparingWhatAFailedCallDidNotGive() {
            isRefused(PAIR + "recv(a, \"hello\", 16, MSG_DONTWAIT) = -1 EAGAIN",
                    "test.calls:4:9: a call that fails gives nothing to compare with \"hello\"; write `...`");
        }

        @Test
        void fieldsLeftOut() {
            isRefused("t = timerfd_create(CLOCK_MONOTONIC, 0)\n"
                    + "timerfd_gettime(t, {it_value={tv_sec=0, tv_nsec=0}}) = 0",
                    "test.calls:4:20: not told what these fields shall be: it_interval");
        }

        @Test
        void namesTakenTwice() {
            isRefused(PAIR + "dup(a) = ?b", "test.calls:4:10: b is taken already");
            isRefused("dup(0) = ?AF_INET", "test.calls:3:10: AF_INET is a constant of C");
        }

        @Test
        void descriptorsThatAreNone() {
            isRefused(PAIR + "s = send(a, \"x\", ..., 0)", "test.calls:4:1: send makes no descriptor");
        }

        @Test
        void badPointersToLengths() {
            isRefused(PAIR + "getsockname(a, ..., 0x1) = -1 EFAULT",
                    "test.calls:4:21: the library itself reads a length");
        }

        @ParameterizedTest
        @CsvSource(delimiter = '|', quoteCharacter = '`', value = {
            "close(0) = 0                                      | 4:1: descriptor 0 is not this script's",
            "close_range(0, -1, 0) = 0                         | 4:1: descriptor 0 is not this script's",
            "dup3(a, 0, 0) = 0                                 | 4:1: descriptor 0 is not this script's",
            "raise(SIGKILL) = 0                                | 4:1: signal 9 may end a process",
            "kill(pid, SIGTERM) = 0                            | 4:1: signal 15 may end a process",
            "pidfd_send_signal(a, SIGUSR1, NULL, 0) = 0        | 4:1: signal 10 may end a process",
            "pthread_sigmask(SIG_BLOCK, [SIGSEGV], NULL) = 0   | 4:28: signal 11 is needed by the JVM",
            "pthread_sigmask(SIG_BLOCK, [65], NULL) = 0        | 4:28: no signal: 65",
            "setrlimit(RLIMIT_NOFILE, {rlim_cur=1}) = 0        | 4:1: a limit is the whole process's",
            "prlimit(0, RLIMIT_AS, {rlim_cur=1}, NULL) = 0     | 4:1: a limit is the whole process's",
            "fcntl(a, 5, 4096) = 0                             | 4:1: this command of fcntl may take 4096 for",
            "ioctl(a, FIONREAD, 4096) = 0                      | 4:1: an ioctl may take 4096 for an address",
            "munmap(0x400000, 4096) = 0                        | 4:1: no call is named munmap",
            "ioctl(a, 0x8912, ...) = 0                         | 4:1: ioctl: a length of 256",
            "open(0x1, 0, 0) = -1 EFAULT                       | 4:6: the library itself reads a string",
            "recv(a, ..., 99999999999, 0) = 0                  | 4:9: memory of 100000000063 bytes",
            "recvmsg(a, {msg_iov=[], msg_iovlen=2}, 0) = 0     | 4:12: msg_iovlen=2 with 0 buffers",
            "recvmsg(a, {msg_iov=[{iov_base=0x1, iov_len=9999999}]}, 0) = 0 | 4:12: iov_len=9999999 of 1048576 bytes",
            "send(a, \"x\"*99999999999, ..., 0) = 0           | 4:13: no more than 67108864 bytes are possible",
            "send(a, u8(256), ..., 0) = 0                      | 4:9: 256 does not fit 1 byte",
            "bind(a, inet(\"127.0.0.1\", 65536), 16) = 0     | 4:9: 65536 is not within 0..65535",
            "bind(a, unix(padded(\"\", -1)), 16) = 0         | 4:9: -1 is not within 0..",
            "bind(a, inet(\"::1\", 1), 16) = 0               | 4:9: an address of the other family",
            "poll([{fd=a}], 2, 0) = 0                          | 4:1: poll: 2 structs of 8",
        })
        void whatWouldEndTheJvmOrIsNotTheScripts(String line, String message) {
            assertThatThrownBy(() -> run(PAIR + line)).isExactlyInstanceOf(ScriptException.class)
                    .hasMessageStartingWith("test.calls:" + message);
        }

        @Test
        void depthsOfNoStruct() {
            isRefused("send(0, " + "[".repeat(100_000) + ", 1, 0) = 0", "test.calls:3:41: deeper than 32");
        }

        @Test
        void namesInACircle() {
            assertThatThrownBy(() -> ScriptTests.require(Script.parse("test.calls",
                    "# a claim\n# with: A=B, B=A\nclose(A) = 0\n").variants().getFirst().run()))
                    .isExactlyInstanceOf(ScriptException.class).hasMessageStartingWith("test.calls:3:7: unknown name ");
        }

        @Test
        void lengthsBehindNothing() {
            isRefused("shutdown(..., 0) = 0", "test.calls:3:10: `...` is a length only behind what has one");
        }
    }

    @Nested
    class Headers {
        private static void isRefused(String text, String message) {
            assertThatThrownBy(() -> Script.parse("test.calls", text)).isExactlyInstanceOf(ScriptException.class)
                    .hasMessageStartingWith("test.calls:" + message);
        }

        @Test
        void noClaim() {
            isRefused("close(1) = 0\n", "1:1: the first line has to say in a comment what the script claims");
            isRefused("", "1:1: the first line has to say in a comment what the script claims");
        }

        @Test
        void casesAreFree() {
            assertThat(Script.parse("test.calls", "# a claim\nclose(-1) = -1 EBADF\n").cases()).isEmpty();
        }

        @Test
        void timeouts() {
            isRefused("# a claim\n# timeout: 5 s\nclose(-1) = -1 EBADF\n", "2:12: not a time such as 5s or 200ms: 5 s");
            isRefused("# a claim\n# timeout: 0s\nclose(-1) = -1 EBADF\n", "2:12: not a time such as 5s or 200ms: 0s");
            isRefused("# a claim\n# timeout: 1s\n# timeout: 2s\nclose(-1) = -1 EBADF\n", "3:1: a second timeout");
        }

        @Test
        void noCalls() {
            isRefused(HEADER, "3:1: no calls");
            isRefused(HEADER + "# unless: close(1) = 0\n", "4:1: no calls");
        }

        @Test
        void variants() throws Exception {
            Script script = Script.parse("test.calls", """
                    # a claim
                    # cases: L01 C02
                    # with: TYPE=SOCK_STREAM, RESULT=EISCONN
                    # with: TYPE=SOCK_DGRAM, RESULT=ENOTCONN   # a comment

                    # another comment
                    socketpair(AF_UNIX, TYPE, 0, [?a, ?b]) = 0   # and one more
                    sendto(a, "# none", ..., 0, unix(@"none"), ...) = -1 EISCONN|ECONNREFUSED
                    """);
            assertThat(script.claim()).isEqualTo("a claim");
            assertThat(script.cases()).containsExactly("L01", "C02");
            assertThat(script.variants()).hasToString(
                    "[TYPE=SOCK_STREAM, RESULT=EISCONN, TYPE=SOCK_DGRAM, RESULT=ENOTCONN]");
            assertThat(script.steps()).hasSize(2);
            for (var variant : script.variants()) {
                ScriptTests.require(variant.run());
            }
        }
    }

    @Nested
    class Runs {
        @Test
        void areSkippedWhereTheKernelCannot() throws Exception {
            String unless = "# unless: socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP) = -1 EPROTONOSUPPORT\n";
            assertThatThrownBy(() -> run(unless + "shutdown(-1, 0) = 7")).isInstanceOf(TestAbortedException.class)
                    .hasMessage("socket(AF_INET, SOCK_DGRAM, IPPROTO_TCP) = -1 EPROTONOSUPPORT on this machine");
            OpenDescriptors before = OpenDescriptors.now();
            fails("# unless: socket(AF_INET, SOCK_DGRAM, 0) = -1 EPROTONOSUPPORT\nshutdown(-1, 0) = 7",
                    "was -1 EBADF");
            assertThat(before.difference()).isEmpty();
            assertThatThrownBy(() -> run(PAIR + "# unless: shutdown(a, SHUT_WR) = 0\nshutdown(-1, 0) = 7"))
                    .isInstanceOf(TestAbortedException.class);
            fails(PAIR + "shutdown(a, SHUT_RD) = 7\n# unless: shutdown(a, SHUT_WR) = 0", "was 0");
            assertThat(before.difference()).isEmpty();
            isRefused("# unless: socket(AF_INET, SOCK_DGRAM) = 0\nclose(-1) = 0", "test.calls:3:11: socket takes 3");
        }

        @Test
        void closeWhatIsLeftOpen() throws Exception {
            OpenDescriptors before = OpenDescriptors.now();
            run(PAIR + "dup(a) = ...\nd = fcntl(a, F_DUPFD, 0)\npipe2(..., 0) = 0\nclose(b) = 0\n");
            assertThat(before.difference()).isEmpty();
            fails(PAIR + "close(a) = 1", "expected 1");
            assertThat(before.difference()).isEmpty();
            fails(PAIR.replace("= 0", "= 1"), "expected 1");
            assertThat(before.difference()).isEmpty();
        }

        @ParameterizedTest
        @ValueSource(strings = {
            "recvmsg(b, {msg_iov=[{iov_base=..., iov_len=8}], msg_control=..., msg_controllen=64 => 24}, 0) = 1",
            "recvmsg(b, {msg_iov=[{iov_base=..., iov_len=8}], msg_control=..., msg_controllen=64 => 24}, 0) = 2",
            "recvmsg(b, {msg_iov=[{iov_base=\"y\", iov_len=8}], msg_control=..., msg_controllen=64 => 24}, 0) = 1",
            "recvmsg(b, {msg_iov=[{iov_base=\"x\", iov_len=8}], msg_control=..., msg_controllen=64 => 0}, 0) = 1",
            "recvmsg(b, {msg_iov=[{iov_base=\"x\", iov_len=8}], msg_control=[], msg_controllen=64 => 24}, 0) = 1",
            "recvmsg(b, {msg_iov=[{iov_base=\"x\", iov_len=8}], msg_control=[{...}], msg_controllen=64 => 24}, 0) = 1",
            "recvmsg(b, {msg_iov=[{iov_base=\"x\", iov_len=8}], msg_control=..., msg_controllen=64}, MSG_PEEK) = 1",
            "recvmmsg(b, [{msg_hdr={msg_iov=[{iov_base=..., iov_len=8}], msg_control=..., msg_controllen=64}}, "
                + "{msg_hdr={msg_control=[], msg_controllen=64}}], 2, MSG_DONTWAIT, NULL) = 1",
            "# unless: recvmsg(b, {msg_iov=[{iov_base=..., iov_len=8}], msg_control=..., msg_controllen=64}, 0) = 1",
        })
        void closeWhatHasComeWhateverTheyExpected(String line) {
            OpenDescriptors before = OpenDescriptors.now();
            Throwable thrown = catchThrowable(() -> run(PASSED + line));
            assertThat(before.difference()).as("after %s", thrown).isEmpty();
        }

        @Test
        void endWhereACallBlocksForEver() throws Exception {
            Script script = Script.parse("test.calls", HEADER + PAIR + "recv(a, ..., 16, 0) = 0\n");
            OpenDescriptors before = OpenDescriptors.now();
            long start = System.nanoTime();
            assertThatThrownBy(() -> ScriptTests.require(
                    script.variants().getFirst().run(Duration.ofMillis(200), false)))
                    .isExactlyInstanceOf(AssertionFailedError.class)
                    .hasMessage("test.calls:4:1: still in this call after 200 ms\n- recv(a, ..., 16, 0) = 0");
            assertThat(System.nanoTime() - start).isLessThan(TimeUnit.SECONDS.toNanos(10));
            assertThat(before.difference()).isEmpty();
        }

        @Test
        void removeTheirFiles() throws Exception {
            run("s = socket(AF_UNIX, SOCK_STREAM, 0)\nbind(s, unix(\"$TMP/socket\"), ...) = 0\n"
                    + "f = open(\"$TMP/file\", O_RDWR|O_CREAT, 0600)\n");
        }

        @Test
        void knowTheProcess() throws Exception {
            run(PAIR + "getsockopt(a, SOL_SOCKET, SO_PEERCRED, {pid=pid, uid=uid, gid=gid}, [12]) = 0");
            fails(PAIR + "getsockopt(a, SOL_SOCKET, SO_PEERCRED, {pid=1, uid=uid, gid=gid}, [12]) = 0", "pid=1");
        }
    }
}
