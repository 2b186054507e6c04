package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.tuple;

import io.github.fdsock.EventFd;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.Seen;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.Ledger.Finding;
import io.github.fdsock.harness.Ledger.Finding.Kind;
import io.github.fdsock.harness.Ledger.Finding.Site;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.ControlBuffer;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Mmsghdr;
import io.github.fdsock.sys.struct.Msghdr;
import io.github.fdsock.testing.WithoutLedger;
import java.io.FileInputStream;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.FunctionDescriptor;
import java.lang.foreign.Linker;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandle;
import java.nio.channels.SocketChannel;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.FutureTask;
import java.util.function.IntSupplier;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// The ledger names each mistake with a descriptor and both of its places, and finds nothing in a program without one.
@WithoutLedger("about the seam itself, which is empty before and after")
class LedgerTest {

    private static final String FILE = "/etc/passwd";

    private final Arena arena = Arena.ofShared();

    @AfterEach
    void nothingIsLeftInTheSeam() {
        arena.close();
        assertThat(Interposer.install(null)).isNull();
    }

    private static int eventfd() {
        return Libc.eventfd(0, EFD_CLOEXEC);
    }

    private static Finding only(final Ledger ledger) {
        final List<Finding> findings = ledger.findings();
        assertThat(findings).hasSize(1);
        return findings.getFirst();
    }

    /// That a site is the call, made in the method of this class.
    private static void assertSite(final Site site, final Call call, final String method) {
        assertThat(site.call()).isEqualTo(call);
        assertThat(site.thread()).isEqualTo(Thread.currentThread().getName());
        assertThat(site.frames().getFirst()).satisfies(frame -> {
            assertThat(frame.getClassName()).isEqualTo(LedgerTest.class.getName());
            assertThat(frame.getMethodName()).isEqualTo(method);
        });
    }

    private static <T> T elsewhere(final Callable<T> call) throws Exception {
        final FutureTask<T> task = new FutureTask<>(call);
        final Thread thread = Thread.ofPlatform().start(task);
        thread.join();
        return task.get();
    }

    // ---- mistakes

    @Test
    void aLeakIsNamedWithWhereItWasOpened() {
        final int fd;
        try (Ledger ledger = Ledger.open()) {
            fd = eventfd();
            final Finding leak = only(ledger);
            assertThat(leak.kind()).isEqualTo(Kind.LEAK);
            assertThat(leak.fd()).isEqualTo(fd);
            assertThat(leak.target()).isEqualTo("anon_inode:[eventfd]");
            assertSite(leak.opened(), Call.eventfd, "eventfd");
            assertThatThrownBy(() -> ledger.requireClean("the scenario")).isInstanceOf(AssertionError.class)
                    .hasMessageMatching("(?s)descriptors after the scenario:\n"
                            + "descriptor " + fd + " -> anon_inode:\\[eventfd]: left open\n"
                            + "    opened by eventfd in thread \"" + Thread.currentThread().getName() + "\"\n"
                            + "        at \\S*LedgerTest\\.eventfd\\(LedgerTest\\.java:\\d+\\)\n"
                            + "        at \\S*LedgerTest\\.aLeakIsNamed.*");
            Libc.close(fd);
            ledger.requireClean();
        }
    }

    @Test
    void theFramesEndWhereTheTestBegins() {
        try (Ledger ledger = Ledger.open()) {
            final int fd = eventfd();
            assertThat(only(ledger).opened().frames()).extracting(StackTraceElement::getClassName)
                    .containsOnly(LedgerTest.class.getName());
            Libc.close(fd);
        }
    }

    @Test
    void everyCallThatMakesDescriptorsIsKnown() throws IOException {
        final MemorySegment two = arena.allocate(ValueLayout.JAVA_INT, 2);
        final MemorySegment number = arena.allocate(ValueLayout.JAVA_INT);
        final MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_INT, 4);
        final MemorySegment mask = arena.allocate(128);
        final int pid = (int) ProcessHandle.current().pid();
        try (SocketFd listener = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0);
                SocketFd client = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0);
                SocketFd other = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0);
                Fd pidfd = Fd.adopt(Libc.pidfd_open(pid, 0));
                Fd any = Fd.openFile(Path.of(FILE), O_RDONLY, 0)) {
            listener.bind(SockAddr.unixAutobind());
            listener.listen(2);
            client.connect(listener.localAddress());
            other.connect(listener.localAddress());
            final int end = 700;
            final int file = any.intValue();
            final List<IntSupplier> openers = List.of(
                    () -> Libc.socket(AF_UNIX, SOCK_STREAM, 0),
                    () -> Libc.accept(listener.intValue(), MemorySegment.NULL, MemorySegment.NULL),
                    () -> Libc.accept4(listener.intValue(), MemorySegment.NULL, MemorySegment.NULL, 0),
                    () -> Libc.open(arena.allocateFrom(FILE), O_RDONLY, 0),
                    () -> Libc.dup(file), () -> Libc.dup3(file, end, 0), () -> Libc.fcntl(file, F_DUPFD, 10),
                    () -> Libc.fcntl(file, F_DUPFD_CLOEXEC, 10), () -> Libc.epoll_create(1),
                    () -> Libc.epoll_create1(0), () -> Libc.eventfd(0, 0),
                    () -> Libc.timerfd_create(CLOCK_MONOTONIC, 0), () -> Libc.signalfd(-1, mask, 0),
                    () -> Libc.inotify_init1(0), () -> Libc.memfd_create(arena.allocateFrom("m"), 0),
                    () -> Libc.pidfd_open(pid, 0), () -> Libc.pidfd_getfd(pidfd.intValue(), file, 0),
                    () -> made(Libc.socketpair(AF_UNIX, SOCK_STREAM, 0, two), two, 2),
                    () -> made(Libc.pipe2(two, 0), two, 2),
                    () -> made(Libc.getsockopt(client.intValue(), SOL_SOCKET, SO_PEERPIDFD, number, size), number, 1));
            for (final IntSupplier opener : openers) {
                try (Ledger ledger = Ledger.open(Scope.thisThread())) {
                    final int fd = opener.getAsInt();
                    assertThat(fd).isNotNegative();
                    final List<Finding> findings = ledger.findings();
                    assertThat(findings).isNotEmpty().allSatisfy(leak -> {
                        assertThat(leak.kind()).isEqualTo(Kind.LEAK);
                        assertThat(leak.opened()).isNotNull();
                    });
                    assertThat(findings).extracting(Finding::fd).contains(fd);
                    findings.forEach(leak -> Libc.close(leak.fd()));
                    assertThat(ledger.findings()).isEmpty();
                }
            }
        }
    }

    /// The kernel gives it to CAP_NET_ADMIN alone.
    @Test
    void theNamespaceOfASocketIsADescriptorToo() throws IOException {
        try (SocketFd socket = SocketFd.socket(AF_UNIX, SOCK_STREAM, 0);
                Seen _ = Seen.calls(made -> made.call() == Call.ioctl ? (long) Libc.dup(made.fd()) : null);
                Ledger ledger = Ledger.open(Scope.thisThread())) {
            final int fd = Libc.ioctl(socket.intValue(), SIOCGSKNS, 0);
            final Finding leak = only(ledger);
            assertThat(leak.fd()).isEqualTo(fd);
            assertThat(leak.opened().call()).isEqualTo(Call.ioctl);
            Libc.close(fd);
            assertThat(ledger.findings()).isEmpty();
            try (Faults faults = Faults.inject("ioctl:error=EIO:after")) {
                assertThat(Libc.ioctl(socket.intValue(), SIOCGSKNS, 0)).isEqualTo(-EIO);
                assertThat(faults.injected()).isEqualTo(1);
            }
            assertThat(ledger.findings()).as("left by a fault").isEmpty();
        }
    }

    @Test
    void aDescriptorWhoseNumberFoundNoRoomIsALeakWithoutAPlace() throws IOException {
        final MemorySegment room = arena.allocate(ValueLayout.JAVA_INT);
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            for (final MemorySegment value : List.of(MemorySegment.NULL, room.asSlice(0, 0), room)) {
                for (int length = 0; length < 1 + Math.min(value.byteSize(), 3); length++) {
                    try (Ledger ledger = Ledger.open()) {
                        final MemorySegment size = arena.allocateFrom(ValueLayout.JAVA_INT, length);
                        assertThat(Libc.getsockopt(pair.first().intValue(), SOL_SOCKET, SO_PEERPIDFD, value, size))
                                .isZero();
                        final Finding leak = only(ledger);
                        assertThat(leak).extracting(Finding::kind, Finding::opened).containsExactly(Kind.LEAK, null);
                        Libc.close(leak.fd());
                    }
                }
            }
        }
    }

    private static int made(final int result, final MemorySegment numbers, final int count) {
        return result < 0 ? result : numbers.getAtIndex(ValueLayout.JAVA_INT, count - 1);
    }

    @Test
    void aDescriptorClosedTwiceIsNamedWithAllThreePlaces() {
        try (Ledger ledger = Ledger.open()) {
            final int fd = eventfd();
            closeOnce(fd);
            assertThat(Libc.close(fd)).isEqualTo(-EBADF);
            final Finding finding = only(ledger);
            assertThat(finding.kind()).isEqualTo(Kind.DOUBLE_CLOSE);
            assertThat(finding.fd()).isEqualTo(fd);
            assertSite(finding.opened(), Call.eventfd, "eventfd");
            assertSite(finding.closed(), Call.close, "closeOnce");
            assertSite(finding.at(), Call.close, "aDescriptorClosedTwiceIsNamedWithAllThreePlaces");
            assertThat(finding.toString()).containsSubsequence("descriptor " + fd + ": closed twice",
                    "\n    close in thread", "\n    opened by eventfd in", "\n    closed by close in");
        }
    }

    private static void closeOnce(final int fd) {
        assertThat(Libc.close(fd)).isZero();
    }

    @Test
    void whoseDescriptorWasClosedBehindItsBackIsNamedToo() throws IOException {
        try (Ledger ledger = Ledger.open()) {
            final EventFd fd = EventFd.create(0, 0);
            closeOnce(fd.intValue());
            assertThatThrownBy(fd::close).isInstanceOf(IllegalStateException.class);
            final Finding finding = only(ledger);
            assertThat(finding.kind()).isEqualTo(Kind.DOUBLE_CLOSE);
            assertSite(finding.closed(), Call.close, "closeOnce");
            assertThat(finding.at().frames()).extracting(StackTraceElement::getMethodName)
                    .containsSubsequence("closeNow", "close");
        }
    }

    @Test
    void useAfterCloseIsNamedWithBothPlaces() {
        try (Ledger ledger = Ledger.open()) {
            final int fd = eventfd();
            closeOnce(fd);
            assertThat(Libc.read(fd, arena.allocate(8), 8)).isEqualTo(-EBADF);
            final Finding finding = only(ledger);
            assertThat(finding.kind()).isEqualTo(Kind.USE_AFTER_CLOSE);
            assertSite(finding.at(), Call.read, "useAfterCloseIsNamedWithBothPlaces");
            assertSite(finding.closed(), Call.close, "closeOnce");
        }
    }

    @Test
    void useAfterCloseAsTheSecondDescriptorOfACall() {
        try (Ledger ledger = Ledger.open()) {
            final int epfd = Libc.epoll_create1(EPOLL_CLOEXEC);
            final int fd = eventfd();
            closeOnce(fd);
            assertThat(Libc.epoll_ctl(epfd, EPOLL_CTL_DEL, fd, MemorySegment.NULL)).isEqualTo(-EBADF);
            closeOnce(epfd);
            assertThat(only(ledger)).extracting(Finding::kind, Finding::fd).containsExactly(Kind.USE_AFTER_CLOSE, fd);
        }
    }

    @Test
    void aClosedDescriptorInAMessageIsAUseAfterClose() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0); Ledger ledger = Ledger.open()) {
            final int fd = eventfd();
            closeOnce(fd);
            final Msghdr message = rights(fd).prepareSend();
            assertThat(Libc.sendmsg(pair.first().intValue(), message.segment(), MSG_NOSIGNAL)).isEqualTo(-EBADF);
            assertThat(only(ledger)).extracting(Finding::kind, Finding::fd).containsExactly(Kind.USE_AFTER_CLOSE, fd);
        }
    }

    @Test
    void aClosedDescriptorInOneOfSeveralMessagesIsAUseAfterClose() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0); Ledger ledger = Ledger.open()) {
            final int fd = eventfd();
            closeOnce(fd);
            final Mmsghdr messages = Mmsghdr.allocate(arena, 2);
            final Iovec byteOfData = Iovec.allocate(arena, 1).add(arena.allocate(1));
            messages.hdr(0).iov(byteOfData);
            messages.hdr(1).iov(byteOfData)
                    .control(ControlBuffer.allocate(arena, 64).appendInts(SOL_SOCKET, SCM_RIGHTS, fd));
            final MemorySegment both = messages.prepareSend(2).segment();
            final int socket = pair.first().intValue();
            assertThat(Libc.sendmmsg(socket, both, 2, MSG_NOSIGNAL)).as("the second is refused").isEqualTo(1);
            final MemorySegment second = both.asSlice(Mmsghdr.SIZEOF);
            assertThat(Libc.sendmmsg(socket, second, 1, MSG_NOSIGNAL)).isEqualTo(-EBADF);
            assertThat(ledger.findings()).extracting(Finding::kind, Finding::fd, finding -> finding.at().call())
                    .containsExactly(tuple(Kind.USE_AFTER_CLOSE, fd, Call.sendmmsg),
                            tuple(Kind.USE_AFTER_CLOSE, fd, Call.sendmmsg));
        }
    }

    @Test
    void aClosedSocketIsAUseAfterCloseThoughThereIsNoMessage() {
        try (Ledger ledger = Ledger.open()) {
            final int fd = eventfd();
            closeOnce(fd);
            assertThat(Libc.sendmsg(fd, MemorySegment.NULL, MSG_NOSIGNAL)).isEqualTo(-EBADF);
            assertThat(only(ledger)).extracting(Finding::kind, Finding::fd).containsExactly(Kind.USE_AFTER_CLOSE, fd);
            assertThat(Libc.sendmmsg(fd, MemorySegment.NULL, 0, MSG_NOSIGNAL)).isEqualTo(-EBADF);
            assertThat(ledger.findings()).hasSize(2);
        }
    }

    private Msghdr rights(final int... fds) {
        return Msghdr.allocate(arena).iov(Iovec.allocate(arena, 1).add(arena.allocate(1)))
                .control(ControlBuffer.allocate(arena, 64).appendInts(SOL_SOCKET, SCM_RIGHTS, fds));
    }

    @Test
    void useOfANumberThatOtherCodeHasNow() throws IOException {
        try (Ledger ledger = Ledger.open()) {
            final int fd = eventfd();
            closeOnce(fd);
            try (FileInputStream unseen = new FileInputStream(FILE)) {
                assertThat(OpenDescriptors.target(fd)).as("the lowest free number").isEqualTo(FILE);
                assertThat(Libc.lseek(fd, 0, SEEK_SET)).isZero();
                assertThat(unseen.read()).isPositive();
            }
            final Finding finding = only(ledger);
            assertThat(finding.kind()).isEqualTo(Kind.USE_AFTER_CLOSE);
            assertSite(finding.at(), Call.lseek, "useOfANumberThatOtherCodeHasNow");
            assertSite(finding.closed(), Call.close, "closeOnce");
        }
    }

    @Test
    void aNumberOfOtherCodeThatIsClosedIsForeign() throws IOException {
        final int probe = eventfd();
        closeOnce(probe);
        try (Ledger ledger = Ledger.open(); FileInputStream unseen = new FileInputStream(FILE)) {
            assertThat(OpenDescriptors.target(probe)).isEqualTo(FILE);
            final int saved = Libc.dup(probe);
            assertThat(Libc.close(probe)).isZero();
            final Finding finding = ledger.findings().getFirst();
            assertThat(finding).extracting(Finding::kind, Finding::fd).containsExactly(Kind.FOREIGN_CLOSE, probe);
            assertSite(finding.at(), Call.close, "aNumberOfOtherCodeThatIsClosedIsForeign");
            assertThat(Libc.dup3(saved, probe, O_CLOEXEC)).as("given back").isEqualTo(probe);
            closeOnce(saved);
            assertThat(unseen.read()).isPositive();
        }
    }

    @Test
    void aNumberThatNobodyOpenedIsForeign() {
        try (Ledger ledger = Ledger.open()) {
            assertThat(Libc.close(-1)).isEqualTo(-EBADF);
            assertThat(Libc.close(900_000)).as("far beyond any that is open").isEqualTo(-EBADF);
            assertThat(ledger.findings()).extracting(Finding::kind, Finding::fd).containsExactly(
                    tuple(Kind.FOREIGN_CLOSE, -1), tuple(Kind.FOREIGN_CLOSE, 900_000));
        }
    }

    @Test
    void whatWasThereBeforeAndIsGoneHasVanished() {
        final int one = eventfd();
        final int two = Libc.fcntl(one, F_DUPFD_CLOEXEC, 800);
        try (Ledger ledger = Ledger.open()) {
            closeOnce(one);
            assertThat(Libc.close_range(two, two + 5, 0)).isZero();
            assertThat(ledger.findings()).extracting(Finding::kind, Finding::fd, Finding::target).containsExactly(
                    tuple(Kind.VANISHED, one, "anon_inode:[eventfd]"),
                    tuple(Kind.VANISHED, two, "anon_inode:[eventfd]"));
            assertSite(ledger.findings().get(0).closed(), Call.close, "closeOnce");
            assertSite(ledger.findings().get(1).closed(), Call.close_range, "whatWasThereBeforeAndIsGoneHasVanished");
        }
    }

    @Test
    void whatOtherCodeLeavesOpenOrClosesIsFoundToo() throws IOException {
        final FileInputStream early = new FileInputStream(FILE);
        final FileInputStream late;
        try (Ledger ledger = Ledger.open()) {
            early.close();
            late = new FileInputStream("/etc/group");
            assertThat(ledger.findings()).extracting(Finding::kind, Finding::target, Finding::opened)
                    .contains(tuple(Kind.LEAK, "/etc/group", null));
            assertThat(ledger.findings()).extracting(Finding::kind, Finding::target, Finding::closed)
                    .contains(tuple(Kind.VANISHED, FILE, null));
            late.close();
        }
    }

    @Test
    void whereALeakWasPassedIsNamed() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0); Ledger ledger = Ledger.open()) {
            final int fd = eventfd();
            final Mmsghdr messages = Mmsghdr.allocate(arena, 2);
            for (int i = 0; i < 2; i++) {
                messages.hdr(i).iov(Iovec.allocate(arena, 1).add(arena.allocate(1)))
                        .control(ControlBuffer.allocate(arena, 64).appendInts(SOL_SOCKET, SCM_RIGHTS, fd));
            }
            assertThat(Libc.sendmmsg(pair.first().intValue(), messages.prepareSend(2).segment(), 2, 0)).isEqualTo(2);
            final Finding leak = only(ledger);
            assertThat(leak.fd()).isEqualTo(fd);
            assertSite(leak.passed(), Call.sendmmsg, "whereALeakWasPassedIsNamed");
            closeOnce(fd);
            assertThat(ledger.findings()).isEmpty();
        }
    }

    @Test
    void whatWasReceivedAndNotClosedIsALeak() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_DGRAM, 0);
                EventFd file = EventFd.create(0, 0)) {
            for (int i = 0; i < 3; i++) {
                pair.first().sendDescriptors(arena.allocate(1), 0, file, file);
            }
            try (Ledger ledger = Ledger.open()) {
                final Msghdr one = rights().prepareReceive();
                assertThat(Libc.recvmsg(pair.second().intValue(), one.segment(), MSG_CMSG_CLOEXEC)).isEqualTo(1);
                final Mmsghdr two = Mmsghdr.allocate(arena, 2);
                two.hdr(0).control(ControlBuffer.allocate(arena, 64));
                two.hdr(1).control(ControlBuffer.allocate(arena, 64));
                assertThat(Libc.recvmmsg(pair.second().intValue(), two.prepareReceive(2).segment(), 2,
                        MSG_CMSG_CLOEXEC, MemorySegment.NULL)).isEqualTo(2);
                final List<Finding> leaks = ledger.findings();
                assertThat(leaks).extracting(leak -> leak.opened().call()).containsExactly(Call.recvmsg, Call.recvmsg,
                        Call.recvmmsg, Call.recvmmsg, Call.recvmmsg, Call.recvmmsg);
                leaks.forEach(leak -> closeOnce(leak.fd()));
                assertThat(ledger.findings()).isEmpty();
            }
        }
    }

    @Test
    void aProcessDescriptorThatCameAndWasNotClosedIsALeak() throws IOException {
        try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_DGRAM, 0); Ledger ledger = Ledger.open()) {
            assertThat(Libc.setsockopt(pair.second().intValue(), SOL_SOCKET, SO_PASSPIDFD,
                    arena.allocateFrom(ValueLayout.JAVA_INT, 1), 4)).isZero();
            pair.first().send(arena.allocate(1), 0);
            final Msghdr message = rights().prepareReceive();
            assertThat(Libc.recvmsg(pair.second().intValue(), message.segment(), MSG_CMSG_CLOEXEC)).isEqualTo(1);
            final Finding leak = only(ledger);
            assertThat(leak.opened().call()).isEqualTo(Call.recvmsg);
            closeOnce(leak.fd());
        }
    }

    // ---- correct programs

    @Test
    void aProgramWithoutMistakesHasNoFindings() throws Exception {
        try (Ledger ledger = Ledger.open()) {
            try (SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0);
                    EventFd file = EventFd.create(0, 0)) {
                pair.first().sendDescriptors(arena.allocate(1), 0, file);
                try (Message received = pair.second().receive(arena.allocate(8), 0, 1); Fd own = received.takeFd(0)) {
                    assertThat(own.isOpen()).isTrue();
                }
            }
            final int fd = eventfd();
            assertThat(elsewhere(() -> Libc.close(fd))).isZero();
            final int one = eventfd();
            final int other = eventfd();
            assertThat(Libc.dup3(one, other, O_CLOEXEC)).isEqualTo(other);
            closeOnce(one);
            closeOnce(other);
            assertThat(new ProcessBuilder("true").start().waitFor()).isZero();
            ledger.requireClean();
        }
    }

    @Test
    void askingWhetherANumberIsOpenIsNoUse() {
        try (Ledger ledger = Ledger.open()) {
            final int fd = eventfd();
            closeOnce(fd);
            assertThat(Libc.fcntl(fd, F_GETFD, 0)).isEqualTo(-EBADF);
            ledger.requireClean();
        }
    }

    @Test
    void aNumberOfOtherCodeIsTakenInByAsking() throws IOException {
        final int probe = eventfd();
        closeOnce(probe);
        try (Ledger ledger = Ledger.open()) {
            final FileInputStream unseen = new FileInputStream(FILE);
            assertThat(OpenDescriptors.target(probe)).isEqualTo(FILE);
            Fd.adopt(probe).close();
            assertThat(ledger.findings()).isEmpty();
            assertThatThrownBy(unseen::close).isInstanceOf(IOException.class);
        }
    }

    @Test
    @SuppressWarnings("restricted")
    void aNumberThatWasGivenAwayAndClosedByItsTakerIsNoLeak() throws Throwable {
        final Linker linker = Linker.nativeLinker();
        final MethodHandle close = linker.downcallHandle(linker.defaultLookup().findOrThrow("close"),
                FunctionDescriptor.of(ValueLayout.JAVA_INT, ValueLayout.JAVA_INT));
        try (Ledger ledger = Ledger.open(); EventFd fd = EventFd.create(0, 0)) {
            assertThat((int) close.invokeExact(fd.release())).isZero();
            ledger.requireClean();
        }
    }

    @Test
    void standardOutputThatWasRedirectedAndRestoredIsThereAgain() {
        final int standard = Libc.fcntl(1, F_DUPFD_CLOEXEC, 750);
        try (Ledger ledger = Ledger.open()) {
            final int saved = Libc.dup(standard);
            final int file = eventfd();
            assertThat(Libc.dup3(file, standard, O_CLOEXEC)).isEqualTo(standard);
            assertThat(Libc.dup3(saved, standard, O_CLOEXEC)).isEqualTo(standard);
            closeOnce(standard);
            assertThat(Libc.fcntl(saved, F_DUPFD_CLOEXEC, standard)).isEqualTo(standard);
            closeOnce(saved);
            closeOnce(file);
            ledger.requireClean();
        }
        closeOnce(standard);
    }

    @Test
    void aRangeThatIsMarkedIsNotClosed() {
        try (Ledger ledger = Ledger.open()) {
            final int fd = eventfd();
            assertThat(Libc.close_range(fd, fd, CLOSE_RANGE_CLOEXEC)).isZero();
            assertThat(Libc.close_range(fd, fd, 1 << 20)).as("refused").isEqualTo(-EINVAL);
            assertThat(Libc.fcntl(fd, F_GETFL, 0)).isNotNegative();
            closeOnce(fd);
            ledger.requireClean();
        }
    }

    @Test
    void whatTheJvmOpensForItselfIsNobodys() throws Exception {
        try (Ledger ledger = Ledger.open()) {
            try (SocketChannel channel = SocketChannel.open()) {
                assertThat(channel.isOpen()).isTrue();
            }
            assertThat(Class.forName("java.sql.Time")).isNotNull();
            assertThat(new java.security.SecureRandom().nextInt()).isNotNull();
            ledger.requireClean();
        }
    }

    // ---- whom it blames

    @Test
    void threadsThatOpenAndCloseDisturbNobody() throws Exception {
        final CountDownLatch begun = new CountDownLatch(4);
        final List<Thread> threads = new ArrayList<>();
        try (Ledger ledger = Ledger.open()) {
            for (int i = 0; i < 4; i++) {
                threads.add(Thread.ofPlatform().start(() -> {
                    begun.countDown();
                    for (int n = 0; n < 2_000; n++) {
                        final int fd = eventfd();
                        final int copy = Libc.dup(fd);
                        Libc.close(fd);
                        Libc.close(copy);
                    }
                }));
            }
            begun.await();
            for (final Thread thread : threads) {
                thread.join();
            }
            ledger.requireClean();
        }
    }

    @Test
    void aBlockAnswersForItsOwnThreadsOnly() throws Exception {
        try (ExecutorService before = Executors.newSingleThreadExecutor()) {
            before.submit(() -> 0).get();
            answersForItsOwnThreadsOnly(before);
        }
    }

    private static void answersForItsOwnThreadsOnly(final ExecutorService before) throws Exception {
        try (ThreadTree block = ThreadTree.begin(); Ledger ledger = Ledger.open(block)) {
            final int own = elsewhere(LedgerTest::eventfd);
            assertThat(only(ledger).fd()).as("of a thread of the block").isEqualTo(own);
            final int other = before.submit(LedgerTest::eventfd).get();
            before.submit(() -> Libc.close(-1)).get();
            assertThat(only(ledger).fd()).as("of a thread that was there before").isEqualTo(own);
            before.submit(() -> block.run(() -> Libc.close(-1))).get();
            assertThat(ledger.findings()).extracting(Finding::kind).containsExactly(Kind.FOREIGN_CLOSE, Kind.LEAK);
            closeOnce(own);
            closeOnce(other);
        }
    }

    @Test
    void blocksNestAndEnd() throws Exception {
        final ThreadTree outer = ThreadTree.begin();
        assertThat(outer.covers(Call.close)).isTrue();
        final ThreadTree inner = ThreadTree.begin();
        assertThat(outer.covers(Call.close) && inner.covers(Call.close)).isTrue();
        assertThat(elsewhere(() -> outer.covers(Call.close) && inner.covers(Call.close))).isTrue();
        inner.close();
        assertThat(inner.covers(Call.close)).isFalse();
        assertThat(outer.covers(Call.close)).isTrue();
        final ThreadTree again = ThreadTree.begin();
        elsewhere(() -> {
            outer.close();
            again.close();
            return null;
        });
        assertThat(outer.covers(Call.close) || again.covers(Call.close)).isFalse();
        try (ThreadTree last = ThreadTree.begin()) {
            assertThat(last.covers(Call.close)).isTrue();
        }
    }

    @Test
    void twoLedgersAtOnceEachKeepTheirBook() {
        try (Ledger outer = Ledger.open()) {
            final int fd = eventfd();
            try (Ledger inner = Ledger.open()) {
                assertThat(inner.findings()).isEmpty();
                closeOnce(fd);
                assertThat(only(inner).kind()).isEqualTo(Kind.VANISHED);
            }
            outer.requireClean();
        }
    }

    @Test
    void aClosedLedgerHasNothingToSay() {
        final Ledger ledger = Ledger.open();
        ledger.close();
        ledger.close();
        assertThatThrownBy(ledger::findings).isInstanceOf(IllegalStateException.class).hasMessageContaining("closed");
        assertThatThrownBy(() -> Ledger.open(null)).isInstanceOf(NullPointerException.class);
    }

    @Test
    void anEndlessMistakeIsRememberedForAWhile() {
        try (Ledger ledger = Ledger.open()) {
            for (int i = 0; i < 1_100; i++) {
                Libc.close(-1);
            }
            assertThat(ledger.findings()).hasSize(1_000);
        }
    }
}
