package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.EAGAIN;
import static io.github.fdsock.sys.Constants.EINPROGRESS;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.harness.Sweep;
import io.github.fdsock.sys.Call;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// Whichever call fails while a listener and a file are handed over, on whichever side, and however: they are served
/// and read right, or the reason is told, and nothing is left open.
@Timeout(300)
class HandOverSweepTest {

    @TempDir
    private Path folder;

    @Test
    void whatIsHandedOverIsServedAndReadOrTheReasonIsTold() {
        final Sweep.Report report = Sweep.of(() -> {
            final List<CommandThread> successors = new ArrayList<>();
            try {
                DemoCommand.handOver(folder, line -> {
                    successors.add(new CommandThread(line));
                    return successors.getLast();
                });
            } catch (final Exception e) {
                for (final CommandThread successor : successors) {
                    successor.waitFor();
                    if (successor.failure() != null) {
                        e.addSuppressed(successor.failure());
                    }
                }
                throw e;
            } finally {
                Files.deleteIfExists(folder.resolve("channel.sock"));
            }
        // Where both ends are ours nothing has to wait; whatever does so all the same is given up.
        }).expecting((rule, thrown) -> (rule.errno() == EAGAIN || rule.errno() == EINPROGRESS)
                && thrown instanceof IOException).run();
        assertThat(report.failed()).containsKeys(Call.socket, Call.bind, Call.listen, Call.accept4, Call.connect,
                Call.sendmsg, Call.recvmsg, Call.read, Call.ppoll, Call.epoll_wait, Call.close);
    }
}
