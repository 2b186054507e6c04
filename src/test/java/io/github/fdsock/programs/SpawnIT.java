package io.github.fdsock.programs;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.ExitStatus;
import io.github.fdsock.PidFd;
import io.github.fdsock.SockAddr;
import io.github.fdsock.SocketFd;
import io.github.fdsock.process.Spawn;
import io.github.fdsock.testing.RequiresProgram;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Programs of others work with the descriptors that they were started with.
class SpawnIT {
    private static final long PATIENCE_NANOS = TimeUnit.SECONDS.toNanos(Program.PATIENCE_SECONDS);

    private static final String SITE = """
            daemon off;
            worker_processes 1;
            pid nginx.pid;
            events { }
            http {
                access_log off;
                client_body_temp_path body;
                proxy_temp_path proxy;
                fastcgi_temp_path fastcgi;
                uwsgi_temp_path uwsgi;
                scgi_temp_path scgi;
                server {
                    listen 127.0.0.1:PORT;
                    listen unix:PATH;
                    return 200 "served at $server_addr\\n";
                }
            }
            """;

    @TempDir
    private Path folder;

    private static void answers(String answer, String... curl) throws Exception {
        try (Program client = Program.start(curl)) {
            assertThat(client.rest()).as(client.errors()).containsExactly(answer);
        }
    }

    /// It binds nothing itself, or it would find the addresses in use and end.
    @Test
    @RequiresProgram({"nginx", "curl"})
    void nginxServesOnTheListenersThatItWasStartedWith() throws Exception {
        final Path errors = folder.resolve("errors");
        final Path path = folder.resolve("socket");
        final int port;
        final PidFd nginx;
        try (SocketFd tcp = SocketFd.socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
                SocketFd unix = SocketFd.socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0)) {
            tcp.bind(SockAddr.inet("127.0.0.1", 0));
            tcp.listen(16);
            unix.bind(SockAddr.unix(path.toString()));
            unix.listen(16);
            port = ((SockAddr.Inet4) tcp.localAddress()).port();
            Files.writeString(folder.resolve("site.conf"), SITE.replace("PORT", String.valueOf(port))
                    .replace("PATH", path.toString()));
            nginx = Spawn.program("nginx", "-p", folder.toString(), "-c", "site.conf", "-e", errors.toString())
                    .setenv("NGINX", "3;4;").fd(3, tcp).fd(4, unix).start();
        }
        final ExitStatus end;
        try (nginx) {
            try {
                answers("served at 127.0.0.1", "curl", "-sS", "--max-time", "20", "http://127.0.0.1:" + port + "/");
                answers("served at unix:" + path, "curl", "-sS", "--max-time", "20", "--unix-socket", path.toString(),
                        "http://anywhere/");
                assertThat(errors).content().contains("using inherited sockets from \"3;4;\"");
            } finally {
                nginx.sendSignal(SIGTERM);
                end = nginx.waitFor(PATIENCE_NANOS);
            }
        }
        assertThat(end).isEqualTo(new ExitStatus(0, 0, false));
    }
}
