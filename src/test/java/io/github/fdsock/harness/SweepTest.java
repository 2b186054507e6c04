package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.EpollFd;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.MemFd;
import io.github.fdsock.PipeFd;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.testing.WithoutLedger;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CountDownLatch;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

/// A sweep lets each call fail in each way, and finds each kind of mistake that can be made then.
@Timeout(60)
@WithoutLedger("about the seam itself, which is empty before and after")
class SweepTest {

    @AfterEach
    void nothingIsLeftInTheSeam() {
        assertThat(Interposer.install(null)).isNull();
    }

    @Test
    void eachCallFailsWithEachErrno() {
        final List<String> tried = Collections.synchronizedList(new ArrayList<>());
        final Sweep.Report report = Sweep.of(() -> {
            for (int i = 0; i < 2; i++) {
                final int fd = Libc.eventfd(0, EFD_CLOEXEC);
                if (fd < 0) {
                    tried.add("eventfd " + i + " " + Errno.name(-fd));
                    throw new ErrnoException("eventfd()", -fd);
                }
                final int result = Libc.close(fd);
                if (result < 0) {
                    tried.add("close " + i + " " + Errno.name(-result));
                }
            }
        }).run();
        final List<String> expected = new ArrayList<>();
        for (int i = 0; i < 2; i++) {
            for (final String errno : List.of("EINVAL", "EMFILE", "ENFILE", "ENODEV", "ENOMEM")) {
                expected.add("eventfd " + i + " " + errno);
            }
            for (final String errno : List.of("EBADF", "EDQUOT", "EINTR", "EIO", "ENOSPC")) {
                expected.add("close " + i + " " + errno);
            }
        }
        assertThat(tried).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(report.injected()).isEqualTo(20);
        // Untouched: two first, one for each of two calls to see that there is no third of it, and one at the end.
        assertThat(report.runs()).isEqualTo(25);
        assertThat(report.failed()).isEqualTo(Map.of(Call.eventfd, 2, Call.close, 2));
        assertThat(report).hasToString("25 runs, 20 with a fault: close 2 x 5, eventfd 2 x 5; 0 failures");
    }

    @Test
    void onlyTheNamedCallsFailAndOnce() {
        final Sweep sweep = Sweep.of(() -> EventFd.create(0, 0).close()).failing(Call.eventfd);
        assertThat(sweep.run().failed()).isEqualTo(Map.of(Call.eventfd, 1));
        assertThatThrownBy(sweep::run).isInstanceOf(IllegalStateException.class);
    }

    @Test
    void callsThatOnlyAFailureLeadsToDoNotFail() {
        final Sweep.Report report = Sweep.of(() -> {
            try {
                EventFd.create(0, 0).close();
            } catch (final ErrnoException e) {
                PipeFd.create(0).close();
                throw e;
            }
        }).failing(Call.eventfd, Call.pipe2).run();
        assertThat(report.failed()).isEqualTo(Map.of(Call.eventfd, 1));
    }

    @Test
    void threadsOfTheScenarioAreMet() {
        final Set<String> threads = Collections.synchronizedSet(new TreeSet<>());
        Sweep.of(() -> {
            final List<IOException> failures = Collections.synchronizedList(new ArrayList<>());
            final Runnable call = () -> {
                try {
                    EventFd.create(0, 0).close();
                } catch (final IOException e) {
                    threads.add(Thread.currentThread().isVirtual() ? "virtual" : "platform");
                    failures.add(e);
                } catch (final IllegalStateException e) {
                    failures.add(new IOException(e));
                }
            };
            final Thread platform = new Thread(call);
            platform.start();
            platform.join();
            Thread.startVirtualThread(call).join();
            if (!failures.isEmpty()) {
                throw failures.get(0);
            }
        }).failing(Call.eventfd).run();
        assertThat(threads).containsExactlyInAnyOrder("platform", "virtual");
    }

    @Test
    void threadsOfOthersAreNotMet() throws InterruptedException {
        final CountDownLatch over = new CountDownLatch(1);
        final List<Integer> wrong = Collections.synchronizedList(new ArrayList<>());
        final Thread other = new Thread(() -> {
            while (over.getCount() > 0) {
                final int result = Libc.close(-1);
                if (result != -EBADF) {
                    wrong.add(result);
                }
            }
        });
        other.start();
        try {
            Sweep.of(() -> EventFd.create(0, 0).close()).run();
        } finally {
            over.countDown();
            other.join();
        }
        assertThat(wrong).isEmpty();
    }

    // ---- what it finds

    private static String failuresOf(final Sweep sweep) {
        try {
            return "passed: " + sweep.run();
        } catch (final AssertionError e) {
            return e.getMessage();
        }
    }

    @Test
    void aDescriptorThatLeaksOnAnErrorPath() throws IOException {
        final List<Fd> leaked = Collections.synchronizedList(new ArrayList<>());
        final String failures = failuresOf(Sweep.of(() -> {
            final EventFd first = EventFd.create(0, 0);
            leaked.add(first);
            EventFd.create(0, 0).close();
            leaked.remove(first);
            first.close();
        }).failing(Call.eventfd));
        for (final Fd fd : leaked) {
            fd.close();
        }
        assertThat(failures).contains("eventfd:error=EMFILE:when=2: left open: ", "-> anon_inode:[eventfd]")
                .contains("; 5 failures").doesNotContain("when=1:");
    }

    @Test
    void theRuleThatIsNamedReproducesTheFailure() throws IOException {
        try (Faults _ = Faults.inject("eventfd:error=EMFILE:when=2"); EventFd _ = EventFd.create(0, 0)) {
            assertThatThrownBy(() -> EventFd.create(0, 0)).hasMessageContaining("EMFILE");
        }
    }

    @Test
    void aDescriptorThatIsClosedTwice() throws IOException {
        final int victim = Libc.eventfd(0, EFD_CLOEXEC);
        final int[] number = {victim};
        final String failures = failuresOf(Sweep.of(() -> {
            final int fd = Libc.epoll_create1(EPOLL_CLOEXEC);
            if (fd < 0) {
                Libc.close(number[0]);
                throw new ErrnoException("epoll_create1()", -fd);
            }
            Libc.close(fd);
        }).failing(Call.epoll_create1));
        assertThat(Libc.close(victim)).isEqualTo(-EBADF);
        assertThat(failures).contains("epoll_create1:error=EINVAL:when=1: closed, though opened by somebody else: " + victim);
    }

    @Test
    void anErrnoThatIsSwallowedForAnotherAndOneThatBecomesAnError() {
        assertThat(failuresOf(Sweep.of(() -> {
            if (Libc.dup(-1) != -EBADF) {
                throw new ErrnoException("other()", EIO);
            }
        }).failing(Call.dup))).contains("dup:error=EMFILE:when=1: threw io.github.fdsock.ErrnoException: other()")
                .contains("; 1 failures");
        assertThat(failuresOf(Sweep.of(() -> {
            try {
                EventFd.create(0, 0).close();
            } catch (final ErrnoException e) {
                throw new AssertionError(e);
            }
        }).failing(Call.eventfd))).contains("eventfd:error=EMFILE:when=1: threw java.lang.AssertionError");
    }

    @Test
    void whatAnotherThreadDiesOf() {
        assertThat(failuresOf(Sweep.of(() -> {
            final Thread thread = new Thread(() -> {
                if (Libc.dup(-1) == -EMFILE) {
                    throw new IllegalStateException("unhandled");
                }
            });
            thread.start();
            thread.join();
        }).failing(Call.dup))).contains("dup:error=EMFILE:when=1: threw java.lang.IllegalStateException: unhandled")
                .contains("; 1 failures");
    }

    @Test
    void whatAScenarioIsExpectedToThrowIsNoFailure() {
        Sweep.of(() -> {
            try {
                EventFd.create(0, 0).close();
            } catch (final ErrnoException e) {
                throw new IllegalStateException("no counter");
            }
        }).failing(Call.eventfd).expecting((_, thrown) -> thrown.getMessage().equals("no counter")).run();
    }

    @Test
    void aLimitMayBeLongerThanAnyRun() {
        assertThat(Sweep.of(() -> { }).limit(Duration.ofSeconds(Long.MAX_VALUE)).run().runs()).isEqualTo(3);
    }

    @Test
    void aRunThatHangsIsNamedWithThePlaceAndEndsTheSweep() throws InterruptedException {
        final CountDownLatch never = new CountDownLatch(1);
        final List<Thread> threads = Collections.synchronizedList(new ArrayList<>());
        final String failures = failuresOf(Sweep.of(() -> {
            threads.add(Thread.currentThread());
            try {
                EpollFd.create().close();
            } catch (final ErrnoException e) {
                never.await();
            }
        }).failing(Call.epoll_create1).limit(Duration.ofMillis(200)));
        never.countDown();
        for (final Thread thread : threads) {
            thread.join();
        }
        assertThat(failures).contains("epoll_create1:error=EINVAL:when=1: still running after PT0.2S",
                "thread \"sweep\"", "SweepTest").contains("; 1 failures");
    }

    @Test
    void aThreadThatIsLeftOverIsNamed() throws InterruptedException {
        final CountDownLatch never = new CountDownLatch(1);
        final String failures = failuresOf(Sweep.of(() -> {
            try {
                EpollFd.create().close();
            } catch (final ErrnoException e) {
                new Thread(() -> {
                    try {
                        never.await();
                    } catch (final InterruptedException interrupted) {
                        Thread.currentThread().interrupt();
                    }
                }, "left-over").start();
                throw e;
            }
        }).failing(Call.epoll_create1).limit(Duration.ofMillis(200)));
        never.countDown();
        assertThat(failures).contains("thread \"left-over\"");
    }

    @Test
    void aScenarioThatFailsUntouchedIsNotSwept() {
        assertThat(failuresOf(Sweep.of(() -> {
            throw new IOException("broken");
        }))).contains("untouched: threw java.io.IOException: broken").startsWith("1 runs, 0 with a fault");
    }

    @Test
    void aTransferThatComesShortIsAFaultWhereThatIsAsked() {
        final Sweep.Scenario careless = () -> {
            try (Arena arena = Arena.ofConfined(); MemFd file = MemFd.create("file", 0)) {
                final long n = file.write(arena.allocate(8));
                if (n >= 0 && n < 8) {
                    throw new IllegalStateException("not all was written");
                }
            }
        };
        Sweep.of(careless).failing(Call.write).run();
        assertThat(failuresOf(Sweep.of(careless).failing(Call.write).shortTo(1)))
                .contains("write:short=1:when=1: threw java.lang.IllegalStateException: not all was written");
    }

    // ---- more than one fault

    @Test
    void aFaultThatLastsIsMetByEveryCallFromTheOneOn() {
        final List<String> results = new ArrayList<>();
        final Sweep.Report report = Sweep.of(() -> {
            final StringBuilder text = new StringBuilder();
            for (int i = 0; i < 3; i++) {
                text.append(Errno.name(-Libc.dup(-1))).append(' ');
            }
            results.add(text.toString());
        }).failing(Call.dup).lasting().run();
        assertThat(results).contains("EMFILE EMFILE EMFILE ", "EBADF EMFILE EMFILE ", "EBADF EBADF EMFILE ",
                "EMFILE EBADF EBADF ");
        assertThat(report.lasted()).isEqualTo(6);
        assertThat(report).hasToString("16 runs, 12 with a fault, 6 with one that lasted: dup 3 x 2; 0 failures");
    }

    @Test
    void whoIsToldToTryAgainMayDoSoForEver() {
        Sweep.of(() -> {
            try (Arena arena = Arena.ofConfined(); EventFd fd = EventFd.create(1, 0)) {
                long n;
                do {
                    n = Libc.read(fd.intValue(), arena.allocate(8), 8);
                } while (n == -EINTR || n == -EAGAIN);
                if (n < 0) {
                    throw new ErrnoException("read()", (int) -n);
                }
            }
        }).failing(Call.read).lasting().run();
    }

    @Test
    void aLeakThatOnlyALastingFaultLeadsToIsFound() throws IOException {
        final List<Fd> leaked = Collections.synchronizedList(new ArrayList<>());
        final Sweep.Scenario triesTwice = () -> {
            final EventFd first = EventFd.create(0, 0);
            leaked.add(first);
            try {
                EventFd.create(0, 0).close();
            } catch (final ErrnoException e) {
                EventFd.create(0, 0).close();
            }
            leaked.remove(first);
            first.close();
        };
        Sweep.of(triesTwice).failing(Call.eventfd).run();
        assertThat(failuresOf(Sweep.of(triesTwice).failing(Call.eventfd).lasting()))
                .contains("eventfd:error=EMFILE:when=2+: left open: ", "-> anon_inode:[eventfd]")
                .contains("; 5 failures").doesNotContain("when=1");
        for (final Fd fd : leaked) {
            fd.close();
        }
    }

    @Test
    void aSecondFaultMeetsEachCallThatIsMadeAfterTheFirst() {
        final List<String> tried = new ArrayList<>();
        final Sweep.Report report = Sweep.of(() -> {
            final StringBuilder text = new StringBuilder();
            for (int i = 0; i < 3; i++) {
                text.append(Libc.dup(-1) == -EBADF ? '.' : '!');
            }
            text.append(Libc.epoll_create1(-1) == -EINVAL ? '.' : '!');
            tried.add(text.toString());
        }).failing(Call.dup).sparing("dup:error=EBADF").twice().run();
        assertThat(report).hasToString(
                "16 runs, 12 with a fault, 6 with a second one: dup 3 x 2; 0 failures");
        assertThat(tried).contains("!!..", "!.!.", "!..!", ".!!.", ".!.!", "..!!").doesNotContain("...!");
    }

    @Test
    void aMistakeInPuttingAFaultRightIsFoundAndNamedWithBothRules() throws IOException {
        final List<Fd> leaked = Collections.synchronizedList(new ArrayList<>());
        final String failures = failuresOf(Sweep.of(() -> {
            final EventFd first = EventFd.create(0, 0);
            leaked.add(first);
            try {
                EpollFd.create().close();
            } catch (final ErrnoException e) {
                // Nobody closes the first where this fails, too.
                PipeFd.create(0).close();
                leaked.remove(first);
                first.close();
                throw e;
            }
            leaked.remove(first);
            first.close();
        }).failing(Call.epoll_create1).twice());
        for (final Fd fd : leaked) {
            fd.close();
        }
        assertThat(failures).containsPattern("epoll_create1:error=EMFILE:when=1 pipe2:error=\\w+:when=1: left open: ")
                .containsPattern("epoll_create1:error=EMFILE:when=1 close:error=\\w+:after:when=2: left open: ");
    }

    @Test
    void whatIsSparedIsNotInjected() {
        final Set<String> errnos = new TreeSet<>();
        Sweep.of(() -> {
            final int result = Libc.dup3(-1, -1, 0);
            errnos.add(Errno.name(-result));
        }).failing(Call.dup3).sparing("dup,dup3:error=EMFILE", "dup3:error=EBUSY").run();
        assertThat(errnos).containsExactly("EBADF", "EINTR", "EINVAL");
    }

    // ---- the table

    @ParameterizedTest
    @EnumSource(Call.class)
    void everyCallThatHasAnErrnoIsInTheTable(final Call call) {
        final List<FaultRule> rules = DocumentedErrors.of(call);
        if (Set.of(Call.getaddrinfo, Call.getnameinfo, Call.freeaddrinfo, Call.getuid, Call.geteuid, Call.getgid,
                Call.getegid).contains(call)) {
            assertThat(rules).isEmpty();
        } else {
            assertThat(rules).isNotEmpty().doesNotHaveDuplicates();
        }
    }

    @Test
    void theTableHasWhatTheManPagesHave() {
        final Map<Call, Set<String>> words = new HashMap<>();
        for (final Call call : Call.values()) {
            final Set<String> errnos = new TreeSet<>();
            DocumentedErrors.of(call).forEach(rule -> errnos.add(Errno.name(rule.errno())));
            words.put(call, errnos);
        }
        assertThat(words.get(Call.accept4)).contains("EMFILE", "ENFILE", "ECONNABORTED", "EINTR", "EPERM");
        assertThat(words.get(Call.epoll_ctl)).containsExactly("EBADF", "EEXIST", "EINVAL", "ELOOP", "ENOENT", "ENOMEM",
                "ENOSPC", "EPERM");
        assertThat(DocumentedErrors.of(Call.close)).allMatch(FaultRule::isAfter);
        assertThat(DocumentedErrors.of(Call.connect)).contains(FaultRule.of("connect:error=EINPROGRESS:after"))
                .contains(FaultRule.of("connect:error=EINTR")).contains(FaultRule.of("connect:error=EINTR:after"));
    }

    @Test
    void aDescriptorOfTheJvmIsNobodysLeak() throws IOException {
        final OpenDescriptors before = OpenDescriptors.now();
        try (var _ = Files.newInputStream(Path.of("/dev/urandom"))) {
            assertThat(before.differences()).isEmpty();
        }
    }
}
