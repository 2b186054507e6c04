package io.github.fdsock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.testing.Project;
import java.io.PrintStream;
import java.lang.ref.WeakReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/// An owner that is forgotten is found by the garbage collector, with the place where it was made; others are not.
@Timeout(60)
class FdLeakTest {

    private final BlockingQueue<FdLeak> leaks = new LinkedBlockingQueue<>();

    /// Collects until a leak is reported.
    private FdLeak awaitLeak() throws InterruptedException {
        for (;;) {
            System.gc();
            final FdLeak leak = leaks.poll(10, TimeUnit.MILLISECONDS);
            if (leak != null) {
                return leak;
            }
        }
    }

    private static void awaitGone(final WeakReference<Fd> gone) throws InterruptedException {
        while (gone.get() != null) {
            System.gc();
            TimeUnit.MILLISECONDS.sleep(1);
        }
    }

    private static int forget() throws ErrnoException {
        return EventFd.create(0, 0).intValue();
    }

    @Test
    void aForgottenOwnerIsReportedWithItsCreation() throws Exception {
        try (AutoCloseable watch = FdLeak.watch(leaks::add)) {
            assertThat(watch).isNotNull();
            final int number = forget();
            final FdLeak leak = awaitLeak();
            assertThat(leak.fd()).isEqualTo(number);
            assertThat(leak).hasToString("EventFd " + number + " was left open and is garbage: anon_inode:[eventfd]");
            assertThat(leak.creation()).hasMessageContaining(Thread.currentThread().getName());
            assertThat(leak.creation().getStackTrace()).extracting(StackTraceElement::getMethodName)
                    .containsSubsequence("create", "forget", "aForgottenOwnerIsReportedWithItsCreation");
            Fd.adopt(number).close();
        }
    }

    @Test
    void oneThatWasClosedOrGivenAwayIsNot() throws Exception {
        try (AutoCloseable watch = FdLeak.watch(leaks::add)) {
            assertThat(watch).isNotNull();
            final int kept = EventFd.create(0, 0).release();
            EventFd.create(0, 0).close();
            final WeakReference<Fd> gone = new WeakReference<>(closed());
            awaitGone(gone);
            // The collector takes them all, and reports this one.
            final int number = forget();
            assertThat(awaitLeak().fd()).isEqualTo(number);
            assertThat(leaks).isEmpty();
            Fd.adopt(number).close();
            Fd.adopt(kept).close();
        }
    }

    private static Fd closed() throws ErrnoException {
        final Fd fd = EventFd.create(0, 0);
        fd.close();
        return fd;
    }

    @Test
    void aNumberThatHasANewOwnerIsNotTakenForTheOldOne() throws Exception {
        try (AutoCloseable watch = FdLeak.watch(leaks::add)) {
            assertThat(watch).isNotNull();
            final WeakReference<Fd> old = new WeakReference<>(closed());
            try (Fd owner = EventFd.create(0, 0)) {
                awaitGone(old);
                final int number = forget();
                assertThat(awaitLeak().fd()).isEqualTo(number);
                assertThat(owner.isOpen()).isTrue();
                assertThat(leaks).isEmpty();
                Fd.adopt(number).close();
            }
        }
    }

    @Test
    void afterTheEndNothingIsReported() throws Exception {
        final WeakReference<Fd> forgotten;
        final int number;
        final AutoCloseable watch = FdLeak.watch(leaks::add);
        assertThatThrownBy(() -> FdLeak.watch(leaks::add)).isInstanceOf(IllegalStateException.class);
        try {
            forgotten = new WeakReference<>(EventFd.create(0, 0));
            number = forgotten.get().intValue();
        } finally {
            watch.close();
            watch.close();
        }
        assertThat(FdLeak.watch).isNull();
        awaitGone(forgotten);
        assertThat(leaks).isEmpty();
        Fd.adopt(number).close();
    }

    @Test
    void aProgramAsItIsCanBeWatched() throws Exception {
        final String library = Path.of(Fd.class.getProtectionDomain().getCodeSource().getLocation().toURI()).toString();
        final String tests = Path.of(Forgetful.class.getProtectionDomain().getCodeSource().getLocation().toURI())
                .toString();
        final Process process = new ProcessBuilder(Project.java().toString(), "-Dfdsock.leaks=true",
                "--enable-native-access=ALL-UNNAMED", "-cp", library + ":" + tests, Forgetful.class.getName())
                .redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertThat(process.waitFor()).as(output).isZero();
        assertThat(output).containsSubsequence("EventFd ", " was left open and is garbage",
                "here the descriptor got its owner, by thread \"main\"", "FdLeakTest$Forgetful.main");
    }

    /// Forgets descriptors until standard error, where the leak is printed, has more than nothing.
    static final class Forgetful {
        public static void main(final String... arguments) throws Exception {
            final CountDownLatch printed = new CountDownLatch(1);
            final PrintStream errors = System.err;
            System.setErr(new PrintStream(errors, true) {
                @Override
                public void println(final Object line) {
                    super.println(line);
                    if (String.valueOf(line).contains("Forgetful.main")) {
                        printed.countDown();
                    }
                }
            });
            EventFd.create(0, 0);
            while (!printed.await(10, TimeUnit.MILLISECONDS)) {
                System.gc();
            }
        }
    }
}
