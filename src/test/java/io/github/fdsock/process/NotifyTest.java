package io.github.fdsock.process;

import static io.github.fdsock.process.ActivationTest.environment;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.Background;
import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.Message;
import io.github.fdsock.PipeFd;
import io.github.fdsock.Seen;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.harness.FaultRule;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Timespec;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A manager is told what was meant, in one datagram, and the result says whether there is one.
@Timeout(60)
class NotifyTest {
    private Arena arena;
    private MemorySegment room;
    private SocketFd manager;
    private Notify notify;

    @BeforeEach
    void open() throws IOException {
        arena = Arena.ofShared();
        room = arena.allocate(1000);
        manager = SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0);
        manager.bind(SockAddr.unixAutobind());
        notify = Notify.to((SockAddr.Unix) manager.localAddress());
    }

    @AfterEach
    void close() throws IOException {
        manager.close();
        arena.close();
    }

    private String text(long length) {
        return new String(room.asSlice(0, length).toArray(ValueLayout.JAVA_BYTE), StandardCharsets.UTF_8);
    }

    private String received() throws IOException {
        return text(manager.recv(room, MSG_DONTWAIT));
    }

    // ---- what is said

    @FunctionalInterface
    private interface Saying {
        boolean to(Notify notify) throws IOException;
    }

    private record Said(String message, Saying saying) {
        @Override
        public String toString() {
            return message.replace('\n', ' ');
        }
    }

    static Stream<Said> said() {
        return Stream.of(
                new Said("READY=1", Notify::ready),
                new Said("STATUS=42 % of the w\u00f6rk", notify -> notify.status("42 % of the w\u00f6rk")),
                new Said("STATUS=", notify -> notify.status("")),
                new Said("STOPPING=1", Notify::stopping),
                new Said("ERRNO=2", notify -> notify.errno(ENOENT)),
                new Said("MAINPID=4711", notify -> notify.mainPid(4711)),
                new Said("WATCHDOG=1", Notify::watchdog),
                new Said("EXTEND_TIMEOUT_USEC=1500000", notify -> notify.extendTimeout(Duration.ofMillis(1500))),
                new Said("EXTEND_TIMEOUT_USEC=1", notify -> notify.extendTimeout(Duration.ofNanos(1))),
                new Said("EXTEND_TIMEOUT_USEC=" + Long.MAX_VALUE,
                        notify -> notify.extendTimeout(Duration.ofSeconds(Long.MAX_VALUE))),
                new Said("FDSTOREREMOVE=1\nFDNAME=a b", notify -> notify.removeStored("a b")),
                new Said("READY=1\nX_OWN=\u20ac\n", notify -> notify.send("READY=1\nX_OWN=\u20ac\n")));
    }

    @ParameterizedTest
    @MethodSource("said")
    void isSaidInOneDatagram(Said said) throws IOException {
        assertThat(said.saying.to(notify)).isTrue();
        assertThat(received()).isEqualTo(said.message);
        assertThat(manager.recv(room, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
    }

    @ParameterizedTest
    @MethodSource("said")
    void nobodyIsToldNothing(Said said) throws IOException {
        try (Seen seen = Seen.calls()) {
            assertThat(said.saying.to(Notify.from(environment()))).isFalse();
            assertThat(seen.all()).isEmpty();
        }
    }

    @Test
    void theTimeOfAReloadIsThatOfTheMonotonicClock() throws IOException {
        long before = monotonicMicros();
        assertThat(notify.reloading()).isTrue();
        long after = monotonicMicros();
        String message = received();
        assertThat(message).startsWith("RELOADING=1\nMONOTONIC_USEC=");
        assertThat(Long.parseLong(message.substring(message.lastIndexOf('=') + 1))).isBetween(before, after);
        try (Faults _ = Faults.inject("clock_gettime:error=EPERM:when=1")) {
            assertThatThrownBy(notify::reloading).isInstanceOf(ErrnoException.class).hasMessageContaining("EPERM");
        }
    }

    private long monotonicMicros() {
        Timespec now = Timespec.allocate(arena);
        assertThat(Libc.clock_gettime(CLOCK_MONOTONIC, now.segment())).isZero();
        return now.nanos() / 1000;
    }

    static Stream<Said> nonsense() {
        return Stream.of(
                new Said("two\nlines", notify -> notify.status("two\nlines")),
                new Said("errno of 0", notify -> notify.errno(0)),
                new Said("errno of -2", notify -> notify.errno(-ENOENT)),
                new Said("pid of 0", notify -> notify.mainPid(0)),
                new Said("PT0S", notify -> notify.extendTimeout(Duration.ZERO)),
                new Said("PT-1S", notify -> notify.extendTimeout(Duration.ofSeconds(-1))),
                new Said("\"a:b\"", notify -> notify.removeStored("a:b")),
                new Said("\"a\nb\"", notify -> notify.removeStored("a\nb")),
                new Said("\"\u00f6\"", notify -> notify.removeStored("\u00f6")),
                new Said("x".repeat(256), notify -> notify.removeStored("x".repeat(256))),
                new Said("no descriptor", notify -> notify.store("name", true)),
                new Said("\"\"", notify -> notify.send("")),
                new Said("READY=1\0", notify -> notify.send("READY=1\0")));
    }

    @ParameterizedTest
    @MethodSource("nonsense")
    void whatCannotBeSaidIsRefusedByItsValue(Said said) {
        try (Seen seen = Seen.calls()) {
            for (Notify each : new Notify[] {notify, Notify.from(environment())}) {
                assertThatThrownBy(() -> said.saying.to(each)).isInstanceOf(IllegalArgumentException.class)
                        .hasMessageContaining(said.message);
            }
            assertThat(seen.all()).isEmpty();
        }
    }

    // ---- to whom

    @Test
    void thereIsNobodyWithoutTheVariable() throws IOException {
        Notify nobody = Notify.from(environment());
        assertThat(nobody.hasReceiver()).isFalse();
        assertThat(notify.hasReceiver()).isTrue();
        try (Seen seen = Seen.calls(); PipeFd.Pair pipe = PipeFd.create(0)) {
            assertThat(nobody.reloading() || nobody.store("x", true, pipe.readEnd())).isFalse();
            assertThat(nobody.barrier(-1)).isFalse();
            assertThat(seen.all()).extracting(Seen.Made::call).doesNotContain(Call.socket, Call.sendmsg, Call.ppoll);
        }
    }

    @Test
    void isToldAtAPath(@TempDir Path folder) throws IOException {
        try (SocketFd other = SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0)) {
            other.bind(SockAddr.unix(folder.resolve("notify")));
            assertThat(Notify.from(environment("NOTIFY_SOCKET=" + folder.resolve("notify"))).ready()).isTrue();
            assertThat(text(other.recv(room, MSG_DONTWAIT))).isEqualTo("READY=1");
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 90})
    void isToldAtAnAbstractNameOfJustThatLength(int padding) throws IOException {
        String name = "fdsock-" + ProcessHandle.current().pid() + "x".repeat(padding);
        try (SocketFd other = SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0)) {
            other.bind(SockAddr.unixAbstract(name));
            assertThat(Notify.from(environment("NOTIFY_SOCKET=@" + name)).ready()).isTrue();
            assertThat(text(other.recv(room, MSG_DONTWAIT))).isEqualTo("READY=1");
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "@", "/", "relative/path", "vsock:2:1234", "\ud800"})
    void whatIsNoAddressIsRefusedByItsValue(String value) {
        assertThatThrownBy(() -> Notify.from(environment("NOTIFY_SOCKET=" + value)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining("NOTIFY_SOCKET=" + value + ": ");
    }

    @ParameterizedTest
    @ValueSource(strings = {"/", "@"})
    void anAddressThatIsTooLongIsRefused(String first) {
        String longest = first + "x".repeat(107);
        String value = longest + "x";
        assertThatThrownBy(() -> Notify.from(environment("NOTIFY_SOCKET=" + value)))
                .isInstanceOf(IllegalArgumentException.class).hasMessageStartingWith("NOTIFY_SOCKET=" + value + ": ");
        assertThat(Notify.from(environment("NOTIFY_SOCKET=" + longest)).hasReceiver()).isTrue();
    }

    @Test
    void aManagerThatIsGoneIsAnError() throws IOException {
        manager.close();
        try (PipeFd.Pair pipe = PipeFd.create(0)) {
            assertThatThrownBy(notify::ready).isInstanceOf(ErrnoException.class).hasMessageContaining("ECONNREFUSED");
            assertThatThrownBy(() -> notify.store("x", true, pipe.readEnd())).hasMessageContaining("ECONNREFUSED");
            assertThatThrownBy(() -> notify.barrier(-1)).hasMessageContaining("ECONNREFUSED");
        }
        assertThatThrownBy(() -> Notify.to(SockAddr.unix("/nowhere/notify")).ready()).hasMessageContaining("ENOENT");
    }

    @ParameterizedTest
    @CsvSource({"connect, 11", "connect, 13", "send, 11", "send, 105", "socket, 24"})
    void whatWasNotSentIsNotReportedAsSent(Call call, int errno) {
        try (Faults _ = Faults.inject(FaultRule.on(call).error(errno).when(1))) {
            assertThatThrownBy(notify::ready).isInstanceOfSatisfying(ErrnoException.class,
                    e -> assertThat(e.errno()).isEqualTo(errno));
        }
    }

    // ---- watchdog

    @Test
    void theWatchdogsIntervalIsForThePidThatIsNamedIfOneIs() {
        assertThat(Notify.watchdogInterval(environment())).isNull();
        assertThat(Notify.watchdogInterval(environment("WATCHDOG_PID=4711"))).isNull();
        assertThat(Notify.watchdogInterval(environment("WATCHDOG_USEC=1500000"))).isEqualTo(Duration.ofMillis(1500));
        assertThat(Notify.watchdogInterval(environment("WATCHDOG_USEC=1", "WATCHDOG_PID=4711")))
                .isEqualTo(Duration.ofNanos(1000));
        assertThat(Notify.watchdogInterval(environment("WATCHDOG_USEC=1", "WATCHDOG_PID=4712"))).isNull();
        assertThat(Notify.watchdogInterval(environment("WATCHDOG_USEC=" + Long.MAX_VALUE)))
                .isEqualTo(Duration.ofSeconds(Long.MAX_VALUE / 1_000_000, Long.MAX_VALUE % 1_000_000 * 1000));
        assertThat(Notify.watchdogInterval()).as("nobody watches a test").isNull();
    }

    @ParameterizedTest
    @ValueSource(strings = {"WATCHDOG_USEC=", "WATCHDOG_USEC=0", "WATCHDOG_USEC=-1", "WATCHDOG_USEC=30s",
            "WATCHDOG_USEC=18446744073709551615", "WATCHDOG_PID=", "WATCHDOG_PID=0"})
    void aWatchdogThatCannotBeIsRefusedByItsNameAndValue(String word) {
        Environment environment = word.contains("PID") ? environment("WATCHDOG_USEC=1", word) : environment(word);
        assertThatThrownBy(() -> Notify.watchdogInterval(environment)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith(word + ": ");
    }

    // ---- descriptors

    @ParameterizedTest
    @CsvSource({"true, 'FDSTORE=1\nFDNAME=log'", "false, 'FDSTORE=1\nFDNAME=log\nFDPOLL=0'"})
    void descriptorsAreLentAndTheManagerHasItsOwn(boolean poll, String text) throws IOException {
        PipeFd.Pair pipe = PipeFd.create(0);
        assertThat(notify.store("log", poll, pipe.writeEnd(), pipe.readEnd())).isTrue();
        pipe.close();
        try (Message message = manager.receive(room, 0, 3)) {
            assertThat(text(message.bytes())).isEqualTo(text);
            assertThat(message.descriptors()).isEqualTo(2);
            try (Fd write = message.takeFd(0); Fd read = message.takeFd(1)) {
                assertThat(write.write(new byte[3], 0, 3)).isEqualTo(3);
                assertThat(read.read(new byte[9], 0, 9)).isEqualTo(3);
            }
        }
    }

    @Test
    void nothingIsSentWithADescriptorThatIsClosed() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0)) {
            pipe.readEnd().close();
            assertThatThrownBy(() -> notify.store("x", true, pipe.writeEnd(), pipe.readEnd()))
                    .isInstanceOf(IllegalStateException.class);
            assertThat(manager.recv(room, MSG_DONTWAIT)).isEqualTo(-EAGAIN);
        }
    }

    @Test
    void noMoreAreSentThanCanBe() throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0)) {
            Fd[] many = Stream.generate(pipe::readEnd).limit(254).toArray(Fd[]::new);
            assertThatThrownBy(() -> notify.store("x", true, many)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageContaining("254");
        }
    }

    // ---- barrier

    @Test
    void aBarrierWaitsUntilTheManagerClosesWhatItGot() throws Exception {
        assertThat(notify.stopping()).isTrue();
        try (Background<Boolean> barrier = Background.start(() -> notify.barrier(TimeUnit.SECONDS.toNanos(30)))) {
            assertThat(text(manager.recv(room, 0))).isEqualTo("STOPPING=1");
            Message message = manager.receive(room, 0, 2);
            assertThat(text(message.bytes())).isEqualTo("BARRIER=1");
            assertThat(message.descriptors()).isEqualTo(1);
            message.close();
            assertThat(barrier.result()).isTrue();
        }
    }

    @Test
    void aBarrierThatTheManagerKeepsEndsWithItsTime() throws Exception {
        long begin = System.nanoTime();
        assertThat(notify.barrier(20_000_000)).isFalse();
        assertThat(System.nanoTime() - begin).isGreaterThanOrEqualTo(20_000_000);
        try (Message message = manager.receive(room, 0, 1)) {
            assertThat(message.descriptors()).isEqualTo(1);
        }
    }

    /// The kernel closes what was on its way.
    @Test
    void aManagerThatEndsIsNoLongerWaitedFor() throws Exception {
        try (Background<Boolean> barrier = Background.start(() -> notify.barrier(-1))) {
            assertThat(manager.await(POLLIN, TimeUnit.SECONDS.toNanos(30))).isEqualTo(POLLIN);
            manager.close();
            assertThat(barrier.result()).isTrue();
        }
    }
}
