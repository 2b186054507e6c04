package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.TIOCGWINSZ;

import io.github.fdsock.sys.Libc;
import java.io.Closeable;
import java.lang.foreign.Arena;
import me.tongfei.progressbar.ProgressBar;
import me.tongfei.progressbar.ProgressBarBuilder;
import me.tongfei.progressbar.ProgressBarStyle;

/// A progress bar on standard error, if that is a terminal; otherwise nothing.
final class Progress implements Closeable {
    private static final int STANDARD_ERROR = 2;
    private static final long NANOS_PER_STEP = 1_000_000;
    private static final long STEPS_PER_SECOND = 1_000;

    private final ProgressBar bar;

    private Progress(final ProgressBar bar) {
        this.bar = bar;
    }

    static Progress over(final String task, final long nanos) {
        return new Progress(!terminal() ? null : new ProgressBarBuilder().setTaskName(task)
                .setInitialMax(nanos / NANOS_PER_STEP).setUnit(" s", STEPS_PER_SECOND)
                .setStyle(ProgressBarStyle.ASCII).hideEta().clearDisplayOnFinish().build());
    }

    private static boolean terminal() {
        try (Arena arena = Arena.ofConfined()) {
            return Libc.ioctl(STANDARD_ERROR, TIOCGWINSZ, arena.allocate(64)) == 0;
        }
    }

    void at(final long nanos) {
        if (bar != null) {
            bar.stepTo(nanos / NANOS_PER_STEP);
        }
    }

    void task(final String name) {
        if (bar != null) {
            bar.setExtraMessage(name);
        }
    }

    @Override
    public void close() {
        if (bar != null) {
            bar.close();
        }
    }
}
