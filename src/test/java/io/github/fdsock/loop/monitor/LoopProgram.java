package io.github.fdsock.loop.monitor;

import static io.github.fdsock.sys.Constants.AF_UNIX;
import static io.github.fdsock.sys.Constants.EPOLLIN;
import static io.github.fdsock.sys.Constants.SOCK_STREAM;

import io.github.fdsock.EventFd;
import io.github.fdsock.SocketFd;
import io.github.fdsock.loop.EventLoop;
import java.util.ArrayList;
import java.util.List;

/// A program that runs a loop and says what it was told, with nothing but `java.base`.
final class LoopProgram {

    private LoopProgram() {
    }

    public static void main(final String... arguments) throws Exception {
        final List<String> told = new ArrayList<>();
        try (EventLoop loop = EventLoop.open(); EventFd fd = EventFd.create(1, 0);
                SocketFd.Pair pair = SocketFd.socketpair(AF_UNIX, SOCK_STREAM, 0)) {
            loop.adopt(pair.first()).onClose(_ -> told.add("close")).destroy();
            loop.register(fd, EPOLLIN, (registration, _) -> {
                told.add("event");
                registration.deregister();
            });
            loop.schedule(0, () -> told.add("timer"));
            loop.execute(() -> told.add("task"));
            loop.run();
            try {
                loop.onSignal("WINCH", () -> { }).close();
                told.add("signals");
            } catch (final UnsupportedOperationException e) {
                told.add("no signals");
            }
        }
        System.out.println(String.join(", ", told));
    }
}
