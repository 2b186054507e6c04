package io.github.fdsock.harness.junit;

import static io.github.fdsock.harness.junit.SocketFamily.*;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.testing.WithoutLedger;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.util.List;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.CyclicBarrier;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/// JUnit runs a test under what its annotations ask for, and only that.
@WithoutLedger("about the seam itself, which is empty before and after")
class ExtensionsTest {

    /// What the classes below leave open, closed here.
    private static final ConcurrentLinkedQueue<Integer> LEFT_OPEN = new ConcurrentLinkedQueue<>();

    @AfterEach
    void close() {
        LEFT_OPEN.forEach(Libc::close);
        LEFT_OPEN.clear();
        assertThat(Interposer.install(null)).as("nothing is left in the seam").isNull();
    }

    private static EngineExecutionResults run(final Class<?> tests, final String... parameters) {
        final EngineTestKit.Builder kit = EngineTestKit.engine("junit-jupiter").selectors(selectClass(tests));
        for (int i = 0; i < parameters.length; i += 2) {
            kit.configurationParameter(parameters[i], parameters[i + 1]);
        }
        return kit.execute();
    }

    /// `name: message` of each test or class that failed.
    private static List<String> failures(final EngineExecutionResults results) {
        return results.allEvents().finished().stream()
                .flatMap(event -> event.getRequiredPayload(TestExecutionResult.class).getThrowable().stream()
                        .map(thrown -> event.getTestDescriptor().getDisplayName() + ": " + thrown.getMessage()))
                .toList();
    }

    private static int leak() {
        final int fd = Libc.eventfd(0, EFD_CLOEXEC);
        LEFT_OPEN.add(fd);
        return fd;
    }

    private static void closeTwice() {
        final int fd = Libc.eventfd(0, EFD_CLOEXEC);
        Libc.close(fd);
        Libc.close(fd);
    }

    // ---- @FdLedger; none of the classes below has a name by which the build would find it

    @FdLedger
    static class Mistaken {
        @Test
        void leaks() {
            leak();
        }

        @Test
        void closesTwice() {
            closeTwice();
        }

        @Test
        void isTidy() {
            Libc.close(Libc.eventfd(0, EFD_CLOEXEC));
        }
    }

    @Test
    void aMistakeFailsTheTestWithItsPlaces() {
        final List<String> failures = failures(run(Mistaken.class));
        assertThat(failures).hasSize(3)
                .anySatisfy(failure -> assertThat(failure).startsWith("leaks(): descriptors after Mistaken.leaks():\n")
                        .containsSubsequence("-> anon_inode:[eventfd]: left open", "opened by eventfd in thread",
                                "ExtensionsTest.leak(", "Mistaken.leaks("))
                .anySatisfy(failure -> assertThat(failure).startsWith("closesTwice(): ")
                        .containsSubsequence("closed twice", "closed by close in thread", "closeTwice("))
                .as("and the class as a whole, which answers for both")
                .anySatisfy(failure -> assertThat(failure).startsWith("ExtensionsTest$Mistaken: ")
                        .contains("left open", "closed twice"));
    }

    static class OneOfTwo {
        @Test
        @FdLedger
        void underTheLedger() {
            closeTwice();
        }

        @Test
        void notUnderIt() {
            closeTwice();
            assertThat(Interposer.install(null)).isNull();
        }
    }

    @Test
    void onlyTheTestThatAsksForItIsUnderTheLedger() {
        assertThat(failures(run(OneOfTwo.class))).singleElement().asString().startsWith("underTheLedger(): ");
    }

    @FdLedger
    static class TidiesUp {
        private static int forAll;
        private final int inField = Libc.eventfd(0, EFD_CLOEXEC);
        private int forEach;

        @BeforeAll
        static void openForAll() {
            forAll = Libc.eventfd(0, EFD_CLOEXEC);
        }

        @BeforeEach
        void open() {
            forEach = Libc.eventfd(0, EFD_CLOEXEC);
        }

        @Test
        void uses() {
            assertThat(Libc.fcntl(forEach, F_GETFL, 0)).isNotNegative();
        }

        @AfterEach
        void close() {
            Libc.close(inField);
            Libc.close(forEach);
        }

        @AfterAll
        static void closeForAll() {
            Libc.close(forAll);
        }
    }

    @Test
    void whatIsOpenedAndClosedAroundTestsIsFine() {
        assertThat(failures(run(TidiesUp.class))).isEmpty();
    }

    @FdLedger
    @Execution(ExecutionMode.CONCURRENT)
    static class SideBySide {
        private static final CyclicBarrier MEET = new CyclicBarrier(2);

        @Test
        void leaksWhileTheOtherLooks() throws Exception {
            MEET.await();
            leak();
            MEET.await();
        }

        @Test
        void isTidyBesideIt() throws Exception {
            MEET.await();
            Libc.close(Libc.eventfd(0, EFD_CLOEXEC));
            MEET.await();
        }
    }

    @Test
    void testsSideBySideAnswerEachForItself() {
        assertThat(failures(run(SideBySide.class, "junit.jupiter.execution.parallel.enabled", "true",
                "junit.jupiter.execution.parallel.config.strategy", "fixed",
                "junit.jupiter.execution.parallel.config.fixed.parallelism", "2")))
                .as("of the tests; the class may have its thread in common with one of them")
                .filteredOn(failure -> !failure.startsWith("ExtensionsTest$SideBySide: "))
                .singleElement().asString().startsWith("leaksWhileTheOtherLooks(): ");
    }

    // ---- @SocketFamilies

    static class Families {
        private static final ConcurrentLinkedQueue<SocketFd.Pair> PAIRS = new ConcurrentLinkedQueue<>();

        @SocketFamilies({UNIX_STREAM, UDP4, TCP4})
        void arrives(final SocketFamily family, final SocketFd.Pair pair) throws IOException {
            PAIRS.add(pair);
            assertThat(pair.first().localAddress().family()).isEqualTo(family.domain());
            pair.first().write(new byte[] {1, 2}, 0, 2);
            assertThat(pair.second().read(new byte[3], 0, 3)).isEqualTo(2);
        }

        @SocketFamilies
        void all(final SocketFamily family) throws IOException {
            try (SocketFd.Pair pair = family.connected()) {
                assertThat(pair.first().remoteAddress()).isEqualTo(pair.second().localAddress());
                assertThat(pair.second().remoteAddress()).isEqualTo(pair.first().localAddress());
            }
        }
    }

    @Test
    void aTestIsRunForEachFamilyAndItsPairIsClosed() throws IOException {
        Families.PAIRS.clear();
        final EngineExecutionResults results = run(Families.class);
        assertThat(failures(results)).isEmpty();
        assertThat(results.testEvents().succeeded().stream().map(event -> event.getTestDescriptor().getDisplayName()))
                .contains("UNIX_STREAM", "UDP4", "TCP4", "UNIX_SEQPACKET", "UNIX_DGRAM");
        assertThat(results.testEvents().started().count() + results.testEvents().skipped().count()).isEqualTo(3 + 7);
        assertThat(Families.PAIRS).hasSize(3)
                .noneMatch(pair -> pair.first().isOpen() || pair.second().isOpen());
    }

    @Test
    void aFamilyThatIsMissingIsSkippedWithTheReason() {
        final Interposer noInet6 = (call, arguments) ->
                call == Call.socket && (int) arguments[0] == AF_INET6
                        ? -EAFNOSUPPORT
                        : Interposer.proceed(call, arguments);
        Interposer.install(noInet6);
        try {
            final EngineExecutionResults results = run(Families.class);
            assertThat(failures(results)).isEmpty();
            assertThat(results.testEvents().skipped().stream().map(event -> event.getRequiredPayload(String.class)))
                    .hasSize(2).anyMatch(reason -> reason.startsWith("no TCP6 here: socket("))
                    .allMatch(reason -> reason.contains("EAFNOSUPPORT"));
        } finally {
            Interposer.install(null);
        }
    }

    // ---- @InjectFaults

    @InjectFaults("epoll_create1:error=ENFILE")
    static class Faulty {
        private final int inField = Libc.epoll_create1(EPOLL_CLOEXEC);

        @Test
        @InjectFaults("eventfd:error=EMFILE:when=1")
        void meetsBoth() throws InterruptedException {
            assertThat(inField).isNotNegative();
            final int[] results = new int[2];
            final Thread thread = Thread.ofPlatform().start(() -> {
                results[0] = Libc.eventfd(0, 0);
                results[1] = Libc.epoll_create1(0);
            });
            thread.join();
            assertThat(results).containsExactly(-EMFILE, -ENFILE);
        }

        @Test
        void meetsThoseOfTheClass() {
            assertThat(Libc.epoll_create1(0)).isEqualTo(-ENFILE);
            Libc.close(Libc.eventfd(0, EFD_CLOEXEC));
        }

        @Test
        @InjectFaults("eventfd:error=EMFILE:when=2")
        void meetsNone() {
            Libc.close(Libc.eventfd(0, EFD_CLOEXEC));
        }

        @Test
        @InjectFaults("eventfd:erorr=EMFILE")
        void hasNone() {
            throw new IllegalStateException("run without its faults");
        }

        @SocketFamilies(UNIX_STREAM)
        @InjectFaults("socket:error=EMFILE")
        void hasItsPairAllTheSame(final SocketFd.Pair pair) {
            assertThat(pair.first().isOpen()).isTrue();
            assertThat(Libc.socket(AF_UNIX, SOCK_STREAM, 0)).isEqualTo(-EMFILE);
        }

        @AfterEach
        void close() {
            Libc.close(inField);
            Libc.close(Libc.epoll_create1(EPOLL_CLOEXEC));
        }
    }

    @Test
    void faultsMeetTheMethodOfTheTestAndItsThreads() {
        assertThat(failures(run(Faulty.class))).hasSize(2)
                .anySatisfy(failure -> assertThat(failure)
                        .startsWith("meetsNone(): no call met one of the faults: ")
                        .contains("eventfd:error=EMFILE:when=2"))
                .anySatisfy(failure -> assertThat(failure).startsWith("hasNone(): ").contains("erorr"));
    }

    // ---- @TraceOnFailure

    @TraceOnFailure
    static class Traced {
        @Test
        void fails() {
            Libc.close(-1);
            throw new IllegalStateException("on purpose");
        }

        @Test
        void passes() {
            Libc.close(-2);
        }
    }

    @Test
    void theCallsOfATestThatFailsArePrinted() {
        final PrintStream errors = System.err;
        final ByteArrayOutputStream printed = new ByteArrayOutputStream();
        System.setErr(new PrintStream(printed, true));
        try {
            assertThat(failures(run(Traced.class))).containsExactly("fails(): on purpose");
        } finally {
            System.setErr(errors);
        }
        assertThat(printed.toString()).isEqualTo(
                "calls of Traced.fails():\nclose(-1) = -1 EBADF (Bad file descriptor)\n");
    }
}
