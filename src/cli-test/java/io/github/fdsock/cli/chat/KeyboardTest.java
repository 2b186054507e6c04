package io.github.fdsock.cli.chat;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.PipeFd;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.loop.EventLoop;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// Whoever reads first what two share keeps the other from nothing.
@FdLedger
class KeyboardTest {
    private final List<String> typed = new ArrayList<>();
    private int ended;

    private Keyboard keyboard(final EventLoop loop, final PipeFd.Pair pipe) throws IOException {
        final Keyboard keyboard = new Keyboard(loop, pipe.readEnd().dup(), new Lines(100, typed::add, () -> { }),
                () -> ended++);
        keyboard.resume();
        return keyboard;
    }

    @Test
    @Timeout(value = 10, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
    void whatAnotherHasReadIsNotWaitedFor() throws IOException {
        try (EventLoop loop = EventLoop.open(); PipeFd.Pair pipe = PipeFd.create(0);
                Keyboard _ = keyboard(loop, pipe); Keyboard _ = keyboard(loop, pipe)) {
            pipe.writeEnd().write("a\n".getBytes(), 0, 2);
            // Both are told of it in the same turn.
            loop.runOnce();
            assertThat(typed).containsExactly("a");
            assertThat(pipe.readEnd().nonBlocking()).as("the pipe of all others").isFalse();
            pipe.writeEnd().close();
            loop.run();
            assertThat(ended).isEqualTo(2);
        }
    }
}
