package io.github.fdsock.sys;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import java.util.function.LongSupplier;
import org.junit.jupiter.api.Test;

/// Some calls are made without leaving the state in which the garbage collector waits for a thread. A call that blocks is
/// never made so: it would stop every thread of the JVM.
class SafepointTest {
    private static final long LIMIT_SECONDS = 40;

    /// In a JVM of its own, since one in which this goes wrong hears nobody any more.
    @Test
    void aBlockedCallHoldsUpNoCollection() throws Exception {
        final Process process = new ProcessBuilder(Project.java().toString(), "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED", "-cp", location(Libc.class) + ":" + location(SafepointTest.class),
                Blocked.class.getName()).redirectErrorStream(true).start();
        final boolean ended = process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS);
        // By its handle: destroying the process itself would close our end of its output.
        process.toHandle().destroyForcibly();
        process.waitFor();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        process.getOutputStream().close();
        assertThat(ended).as("has ended by itself; it said: %s", output).isTrue();
        assertThat(output.lines()).containsExactly("recv", "send", "epoll_wait without limit", "epoll_wait with a limit");
    }

    private static String location(final Class<?> type) {
        return type.getProtectionDomain().getCodeSource().getLocation().getPath();
    }

    /// Run in a JVM of its own: blocks a thread in each of the calls that have a fast form, and collects garbage.
    static final class Blocked {
        private static volatile Path kernelThread;

        private Blocked() {
        }

        public static void main(final String[] arguments) throws Exception {
            final Arena arena = Arena.global();
            final MemorySegment fds = arena.allocate(8, 4);
            Libc.socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds);
            final int socket = fds.get(ValueLayout.JAVA_INT, 0);
            final int epoll = Libc.epoll_create1(EPOLL_CLOEXEC);
            final MemorySegment small = arena.allocate(16);
            final MemorySegment events = EpollEvents.allocate(arena, 4).segment();
            block("recv", socket, () -> Libc.recv(socket, small, 16, 0));
            while (Libc.send(socket, small, 16, MSG_DONTWAIT) > 0) {
                Thread.onSpinWait();
            }
            block("send", socket, () -> Libc.send(socket, small, 16, 0));
            block("epoll_wait without limit", epoll, () -> Libc.epoll_wait(epoll, events, 4, -1));
            block("epoll_wait with a limit", epoll,
                    () -> Libc.epoll_wait(epoll, events, 4, (int) TimeUnit.SECONDS.toMillis(10 * LIMIT_SECONDS)));
            // The threads are blocked for good.
            Runtime.getRuntime().halt(0);
        }

        private static void block(final String name, final int fd, final LongSupplier call) throws IOException {
            kernelThread = null;
            Thread.ofPlatform().daemon().start(() -> {
                try {
                    kernelThread = Path.of("/proc").resolve(Files.readSymbolicLink(Path.of("/proc/thread-self")));
                } catch (final IOException e) {
                    throw new IllegalStateException(e);
                }
                call.getAsLong();
            });
            while (kernelThread == null
                    || !Files.readString(kernelThread.resolve("syscall")).contains(" 0x" + Integer.toHexString(fd) + " ")) {
                Thread.onSpinWait();
            }
            System.gc();
            System.out.println(name);
        }
    }
}
