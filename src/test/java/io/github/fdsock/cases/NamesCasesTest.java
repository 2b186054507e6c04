package io.github.fdsock.cases;

import static io.github.fdsock.cases.Workbench.ok;
import static io.github.fdsock.cases.Workbench.text;
import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.Sockaddr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Names and defaults that depend on this machine: they are what the system says they are.
@Timeout(value = 60, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class NamesCasesTest {
    @TempDir
    Path directory;

    @Test
    void C35_anAutomaticNameIsANulAndFiveHexadecimalDigits() {
        try (Workbench bench = new Workbench()) {
            int socket = bench.keep(Libc.socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
            MemorySegment name = bench.memory(Sockaddr.SIZEOF_SOCKADDR_UN);
            Sockaddr.sa_family(name, AF_UNIX);
            ok(Libc.bind(socket, name, Sockaddr.SIZEOF_SA_FAMILY));
            MemorySegment length = bench.number(Sockaddr.SIZEOF_SOCKADDR_UN);
            ok(Libc.getsockname(socket, name, length));
            assertThat(length.get(ValueLayout.JAVA_INT, 0)).isEqualTo(8);
            assertThat(text(name.asSlice(Sockaddr.SIZEOF_SA_FAMILY), 6)).matches("\0[0-9a-f]{5}");
        }
    }

    @Test
    void G70_aSocketFileHasTheModeOfItsSocketWithoutTheUmask() throws Exception {
        int mode = 0777;
        String line = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(status -> status.startsWith("Umask:")).findFirst().orElseThrow();
        int umask = Integer.parseInt(line.substring("Umask:".length()).strip(), 8);
        for (int asked : new int[] {mode, 0600, 0640}) {
            Path path = directory.resolve("socket" + asked);
            byte[] bytes = path.toString().getBytes(StandardCharsets.UTF_8);
            try (Workbench bench = new Workbench()) {
                int socket = bench.keep(Libc.socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
                ok(Libc.fchmod(socket, asked));
                MemorySegment name = bench.memory(Sockaddr.SIZEOF_SOCKADDR_UN);
                Sockaddr.sa_family(name, AF_UNIX);
                Sockaddr.sun_path(name, 0, bytes);
                ok(Libc.bind(socket, name, Sockaddr.SIZEOF_SA_FAMILY + bytes.length + 1));
            }
            assertThat((int) Files.getAttribute(path, "unix:mode") & mode).isEqualTo(asked & ~umask);
        }
    }

    @Test
    void G54_defaultsOfTcpAreThoseOfTheSystem() throws Exception {
        try (Workbench bench = new Workbench()) {
            int socket = bench.keep(Libc.socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0));
            assertThat(option(bench, socket, TCP_KEEPIDLE)).isEqualTo(setting("tcp_keepalive_time"));
            assertThat(option(bench, socket, TCP_KEEPINTVL)).isEqualTo(setting("tcp_keepalive_intvl"));
            assertThat(option(bench, socket, TCP_KEEPCNT)).isEqualTo(setting("tcp_keepalive_probes"));
            assertThat(option(bench, socket, TCP_SYNCNT)).isEqualTo(setting("tcp_syn_retries"));
            assertThat(option(bench, socket, TCP_LINGER2)).isEqualTo(setting("tcp_fin_timeout"));
        }
    }

    private static int option(Workbench bench, int socket, int option) {
        MemorySegment value = bench.number(-1);
        ok(Libc.getsockopt(socket, IPPROTO_TCP, option, value, bench.number(Integer.BYTES)));
        return value.get(ValueLayout.JAVA_INT, 0);
    }

    private static int setting(String name) throws Exception {
        // By lines: such a file gives all of itself to the first read alone, and readString begins with a short one.
        return Integer.parseInt(Files.readAllLines(Path.of("/proc/sys/net/ipv4").resolve(name)).getFirst());
    }
}
