package io.github.fdsock.process;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.ErrnoException;
import io.github.fdsock.Fd;
import io.github.fdsock.FdLeak;
import io.github.fdsock.MemFd;
import io.github.fdsock.PipeFd;
import io.github.fdsock.Seen;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Libc;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/// What was passed has one owner, under the names it was given, or the reason is told and nothing has changed.
@Timeout(60)
class ActivationTest {
    private static final long PID = 4711;

    /// Here the first number that a manager passes is this one: 3 and its neighbours are the JVM's.
    private static final int FIRST = 600;

    private int passed;

    /// Leaves an open file at the next number, as `exec` would have left it there.
    private void pass(Fd fd) {
        int number = FIRST + passed++;
        assertThat(isOpen(number)).isFalse();
        assertThat(Libc.dup3(fd.intValue(), number, 0)).isEqualTo(number);
    }

    private void passPipes(int count) throws IOException {
        try (PipeFd.Pair pipe = PipeFd.create(0)) {
            for (int i = 0; i < count; i++) {
                pass(pipe.readEnd());
            }
        }
    }

    @AfterEach
    void closePassed() {
        for (int number = FIRST; number < FIRST + passed; number++) {
            if (isOpen(number)) {
                Libc.close(number);
            }
        }
    }

    private static boolean isOpen(int number) {
        return Libc.fcntl(number, F_GETFD, 0) >= 0;
    }

    /// That of process 4711, from words such as `LISTEN_FDS=2`; its own `LISTEN_PID` is there if there is no other.
    static Environment environment(String... words) {
        Map<String, String> variables = new HashMap<>(Map.of("LISTEN_PID", Long.toString(PID)));
        for (String word : words) {
            variables.put(word.substring(0, word.indexOf('=')), word.substring(word.indexOf('=') + 1));
        }
        return new Environment(variables, PID);
    }

    private static Activation take(String... words) throws ErrnoException {
        return Activation.take(environment(words), FIRST);
    }

    // ---- what was passed

    @Test
    void whateverItIsHasAnOwnerAndEndsWithIt(@TempDir Path folder) throws IOException {
        Path path = Files.createFile(folder.resolve("file"));
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_SEQPACKET, 0);
                PipeFd.Pair pipe = PipeFd.create(0);
                MemFd memory = MemFd.create("stored", 0);
                Fd file = Fd.openFile(path, O_RDONLY, 0);
                Fd place = Fd.openFile(path, O_PATH, 0)) {
            for (Fd fd : List.of(listener, pair.first(), pipe.writeEnd(), memory, file, place)) {
                pass(fd);
            }
            Activation activation = take("LISTEN_FDS=6");
            assertThat(activation.descriptors()).isEqualTo(6);
            for (int i = 0; i < 6; i++) {
                assertThat(Libc.fcntl(FIRST + i, F_GETFD, 0)).isEqualTo(FD_CLOEXEC);
                assertThat(activation.name(i)).isEqualTo("unknown");
            }
            Fd taken = activation.takeFd(0);
            assertThat(taken).isInstanceOf(SocketFd.class);
            assertThat(taken.intValue()).isEqualTo(FIRST);
            taken.close();
            try (Fd socket = activation.takeFd(1); Fd end = activation.takeFd(2)) {
                assertThat(socket).isInstanceOf(SocketFd.class);
                assertThat(end).isExactlyInstanceOf(Fd.class);
                assertThat(end.write(new byte[] {1}, 0, 1)).isEqualTo(1);
            }
            try (MemFd stored = MemFd.adopt(activation.takeFd(3).release())) {
                assertThat(stored.isOpen()).isTrue();
            }
            assertThatThrownBy(() -> activation.takeFd(0)).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("taken before");
            assertThatThrownBy(() -> activation.takeFd(6)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> activation.takeFd(-1)).isInstanceOf(IndexOutOfBoundsException.class);
            assertThatThrownBy(() -> activation.name(6)).isInstanceOf(IndexOutOfBoundsException.class);
            activation.close();
            activation.close();
            for (int i = 0; i < 6; i++) {
                assertThat(isOpen(FIRST + i)).isFalse();
            }
            assertThatThrownBy(() -> activation.takeFd(4)).isInstanceOf(IllegalStateException.class);
        }
    }

    @Test
    void isLeftAsItIsButForCloseOnExec() throws IOException {
        passPipes(1);
        try (Seen seen = Seen.calls(); Activation activation = take("LISTEN_FDS=1"); Fd fd = activation.takeFd(0)) {
            assertThat(seen.all(Call.fcntl)).extracting(made -> made.arguments().get(1))
                    .contains(F_SETFD).doesNotContain(F_SETFL);
            assertThat(fd.nonBlocking()).isFalse();
        }
    }

    @Test
    void oneThatCannotBeClosedDoesNotKeepTheOthersOpen() throws IOException {
        passPipes(5);
        Activation activation = take("LISTEN_FDS=5");
        try (Seen _ = Seen.calls(made -> made.call() == Call.close && made.fd() == FIRST + 1
                ? Libc.close(made.fd()) - (long) EIO : null)) {
            assertThatThrownBy(activation::close).isInstanceOf(ErrnoException.class).hasMessageContaining("EIO");
        }
        for (int i = 0; i < 5; i++) {
            assertThat(isOpen(FIRST + i)).isFalse();
        }
    }

    // ---- names

    @Test
    void isFoundByItsNameWhichSeveralMayHave() throws IOException {
        passPipes(4);
        try (Activation activation = take("LISTEN_FDS=4", "LISTEN_FDNAMES=web::web:")) {
            assertThat(activation.name(0)).isEqualTo("web");
            assertThat(activation.name(3)).isEmpty();
            assertThat(activation.indexOf("web")).isZero();
            activation.takeFd(0).close();
            assertThat(activation.indexOf("web")).isEqualTo(2);
            activation.takeFd(2).close();
            assertThat(activation.indexOf("web")).isEqualTo(-1);
            assertThat(activation.indexOf("")).isEqualTo(1);
            assertThat(activation.indexOf("unknown")).isEqualTo(-1);
            assertThat(activation.name(2)).as("taken or not").isEqualTo("web");
        }
    }

    @Test
    void anEmptyListIsOneEmptyName() throws IOException {
        passPipes(1);
        try (Activation activation = take("LISTEN_FDS=1", "LISTEN_FDNAMES=")) {
            assertThat(activation.indexOf("")).isZero();
        }
    }

    // ---- nothing for us

    @Test
    void nothingIsTakenThatIsNotForThisProcess() throws IOException {
        passPipes(1);
        for (Environment other : List.of(new Environment(Map.of(), PID), environment(),
                new Environment(Map.of("LISTEN_FDS", "1"), PID), environment("LISTEN_FDS=1", "LISTEN_PID=4712"),
                environment("LISTEN_FDS=what?", "LISTEN_FDNAMES=a:b:c", "LISTEN_PID=1"))) {
            try (Seen seen = Seen.calls(); Activation activation = Activation.take(other, FIRST)) {
                assertThat(activation.descriptors()).isZero();
                assertThat(activation.indexOf("unknown")).isEqualTo(-1);
                assertThat(seen.all()).isEmpty();
            }
        }
        assertThat(isOpen(FIRST)).isTrue();
    }

    @Test
    void aProcessThatNobodyHasPassedAnythingMayAskAgain() throws IOException {
        for (int i = 0; i < 2; i++) {
            try (Activation activation = Activation.take()) {
                assertThat(activation.descriptors()).isZero();
            }
        }
    }

    // ---- refused

    @ParameterizedTest
    @ValueSource(strings = {"LISTEN_FDS=", "LISTEN_FDS=two", "LISTEN_FDS=-1", "LISTEN_FDS=0", "LISTEN_FDS=2 ",
            "LISTEN_FDS=1.5", "LISTEN_FDS=2147483647", "LISTEN_FDS=4294967297", "LISTEN_FDS=99999999999999999999",
            "LISTEN_PID=", "LISTEN_PID=self", "LISTEN_PID=0", "LISTEN_PID=-4711", "LISTEN_PID=4294972007",
            "LISTEN_FDNAMES=a", "LISTEN_FDNAMES=", "LISTEN_FDNAMES=a:b:", "LISTEN_FDNAMES=:::"})
    void whatCannotBeIsRefusedByItsNameAndValue(String word) throws IOException {
        passPipes(2);
        try (Seen seen = Seen.calls()) {
            assertThatThrownBy(() -> take("LISTEN_FDS=2", word)).isInstanceOf(IllegalArgumentException.class)
                    .hasMessageStartingWith(word + ": ");
            assertThat(seen.all()).isEmpty();
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"LISTEN_FDS=3", "LISTEN_FDS=2000000000"})
    void moreThanAreOpenAreRefusedAndTheRestIsLeftAlone(String word) throws IOException {
        passPipes(2);
        assertThatThrownBy(() -> take(word)).isInstanceOf(ErrnoException.class)
                .hasMessage("fcntl(602, F_GETFD) = -1 EBADF (Bad file descriptor)");
        assertUntouched(2);
    }

    @Test
    void oneThatThisProcessHasOpenedIsRefused() throws IOException {
        passPipes(3);
        assertThat(Libc.fcntl(FIRST + 1, F_SETFD, FD_CLOEXEC)).isZero();
        assertThatThrownBy(() -> take("LISTEN_FDS=3")).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("fd 601 is close-on-exec");
        assertThat(Libc.fcntl(FIRST, F_GETFD, 0)).isZero();
    }

    @Test
    void theJvmsOwnFileIsRefused() throws IOException {
        passPipes(1);
        try (Fd modules = Fd.openFile(Path.of(System.getProperty("java.home"), "lib", "modules"), O_RDONLY, 0)) {
            pass(modules);
        }
        assertThatThrownBy(() -> take("LISTEN_FDS=2")).isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("fd 601").hasMessageContaining("lib/modules");
        assertUntouched(2);
    }

    @Test
    void aSecondOwnerIsRefused() throws IOException {
        passPipes(2);
        try (Activation _ = take("LISTEN_FDS=2")) {
            assertThatThrownBy(() -> take("LISTEN_FDS=2")).isInstanceOf(IllegalStateException.class)
                    .hasMessageContaining("fd 600");
        }
    }

    @ParameterizedTest
    @CsvSource({"F_GETFD, 602", "F_SETFD, 602", "SO_TYPE, 602"})
    void aFailureHalfWayLeavesAllAsTheyWere(String where, int number) throws IOException {
        passPipes(3);
        try (Seen _ = Seen.calls(made -> {
            boolean here = switch (where) {
                case "F_GETFD" -> made.call() == Call.fcntl && made.arguments().get(1).equals(F_GETFD);
                case "F_SETFD" -> made.call() == Call.fcntl && made.arguments().get(1).equals(F_SETFD);
                default -> made.call() == Call.getsockopt;
            };
            return here && made.fd() == number ? (long) -EIO : null;
        })) {
            assertThatThrownBy(() -> take("LISTEN_FDS=3")).isInstanceOf(ErrnoException.class)
                    .hasMessageContaining("EIO");
        }
        assertUntouched(3);
        take("LISTEN_FDS=3").close();
    }

    @Test
    void whatWasNotTakenAfterAllIsNotCalledForgotten() throws Exception {
        passPipes(2);
        BlockingQueue<Integer> leaks = new LinkedBlockingQueue<>();
        try (AutoCloseable _ = FdLeak.watch(leak -> leaks.add(leak.fd()))) {
            try (Seen _ = Seen.calls(made -> made.call() == Call.fcntl && made.arguments().get(1).equals(F_SETFD)
                    && made.fd() == FIRST + 1 ? (long) -EIO : null)) {
                assertThatThrownBy(() -> take("LISTEN_FDS=2")).isInstanceOf(ErrnoException.class);
            }
            // What was garbage together with the first is told before the second.
            for (int i = 0; i < 2; i++) {
                int forgotten = MemFd.create("forgotten", 0).intValue();
                Integer leak = null;
                while (leak == null || leak != forgotten) {
                    System.gc();
                    leak = leaks.poll(10, TimeUnit.MILLISECONDS);
                    assertThat(leak).isNotIn(FIRST, FIRST + 1);
                }
                Libc.close(forgotten);
            }
        }
    }

    private static void assertUntouched(int count) {
        for (int i = 0; i < count; i++) {
            assertThat(Libc.fcntl(FIRST + i, F_GETFD, 0)).isZero();
        }
    }

    // ---- what is wanted

    @Test
    void isTakenOnlyIfItIsWhatIsWanted() throws IOException {
        try (SocketFd listener = SocketFd.socket(AF_INET, SOCK_STREAM, 0);
                SocketFd datagrams = SocketFd.socket(AF_UNIX, SOCK_DGRAM, 0);
                PipeFd.Pair pipe = PipeFd.create(0)) {
            listener.bind(SockAddr.inet("127.0.0.1", 0));
            listener.listen(1);
            pass(listener);
            pass(datagrams);
            pass(pipe.readEnd());
        }
        try (Activation activation = take("LISTEN_FDS=3", "LISTEN_FDNAMES=web:log:control")) {
            assertRefused(activation, 0, AF_INET6, SOCK_STREAM, true, "socket 600 (\"web\") is AF_INET, SOCK_STREAM,"
                    + " listening; wanted was AF_INET6, SOCK_STREAM, listening");
            assertRefused(activation, 0, AF_INET, SOCK_DGRAM, true, "STREAM, listening; wanted was AF_INET, SOCK_D");
            assertRefused(activation, 0, AF_UNSPEC, 0, false, "wanted was any family, any type, not listening");
            assertRefused(activation, 1, AF_UNIX, SOCK_DGRAM, true, "is AF_UNIX, SOCK_DGRAM, not listening; wanted");
            assertRefused(activation, 1, 4711, 42, false, "wanted was family 4711, type 42, not listening");
            assertRefused(activation, 2, AF_UNIX, 0, false, "fd 602 (\"control\") is not a socket; wanted was AF_UNIX");
            try (SocketFd web = activation.takeSocket(0, AF_INET, SOCK_STREAM, true);
                    SocketFd log = activation.takeSocket(1, AF_UNSPEC, 0, false);
                    Fd control = activation.takeFd(2)) {
                assertThat(web.localAddress()).isInstanceOf(SockAddr.Inet4.class);
                assertThat(log.intValue()).isEqualTo(FIRST + 1);
                assertThat(control.isOpen()).isTrue();
                assertThatThrownBy(() -> activation.takeSocket(0, AF_INET, SOCK_STREAM, true))
                        .isInstanceOf(IllegalStateException.class).hasMessageContaining("\"web\"");
            }
        }
    }

    private static void assertRefused(Activation activation, int index, int family, int type, boolean listening,
            String message) {
        assertThatThrownBy(() -> activation.takeSocket(index, family, type, listening))
                .isInstanceOf(IllegalArgumentException.class).hasMessageContaining(message);
    }
}
