package io.github.fdsock.cli;

import static io.github.fdsock.sys.Constants.EMFILE;
import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.ErrnoException;
import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.io.UncheckedIOException;
import java.nio.channels.ClosedChannelException;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileSystemException;
import java.nio.file.NoSuchFileException;
import java.nio.file.NotDirectoryException;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/// What a command fails with is told in a line, a defect with its stack, and output that has got lost is a failure.
class MainTest {
    private final StringWriter errors = new StringWriter();
    private final CommandLine fdsock = Main.commandLine().setErr(new PrintWriter(errors, true));

    private static String complaint(final Exception e) {
        final StringWriter told = new StringWriter();
        Main.complain(new PrintWriter(told), "x", e);
        return told.toString();
    }

    @Test
    void whatTheKernelOrTheUserHasCausedIsALine() {
        assertThat(complaint(ErrnoException.of(EMFILE, "dup", 3))).isEqualToIgnoringNewLines(
                "fdsock x: dup(3) = -1 EMFILE (Too many open files)");
        assertThat(complaint(new IOException("no program\nand why"))).isEqualToIgnoringNewLines("fdsock x: no program");
        assertThat(complaint(new UncheckedIOException(new NoSuchFileException("/a")))).isEqualToIgnoringNewLines(
                "fdsock x: /a: No such file or directory");
        assertThat(complaint(new NotDirectoryException("/a"))).contains("/a: Not a directory");
        assertThat(complaint(new AccessDeniedException("/a"))).contains("/a: Permission denied");
        assertThat(complaint(new FileSystemException("/a", null, "full"))).contains("/a: full");
        assertThat(complaint(new ClosedChannelException())).contains("ClosedChannelException").hasLineCount(1);
        assertThat(complaint(new IllegalStateException("defect"))).contains("defect", "\tat ");
    }

    @Test
    void outputThatCannotBeWrittenIsAFailure() throws IOException {
        final PrintStream out = System.out;
        try (PrintStream full = new PrintStream(new FileOutputStream("/dev/full"), true)) {
            System.setOut(full);
            assertThat(fdsock.execute("fds", "self")).isEqualTo(1);
        } finally {
            System.setOut(out);
        }
        assertThat(errors).hasToString("fdsock: standard output cannot be written" + System.lineSeparator());
    }

    @ParameterizedTest
    @ValueSource(strings = {"-C", "-c"})
    void soIsATraceThatCannotBeWritten(final String option) {
        assertThat(fdsock.execute("trace", option, "-o", "/dev/full", "--", "--version")).isEqualTo(1);
        assertThat(errors).hasToString("fdsock trace: /dev/full cannot be written" + System.lineSeparator());
    }

    @Test
    void whatKeepsAFileFromBeingOpenedIsTold() {
        assertThat(fdsock.execute("trace", "-o", "/nowhere/trace", "--", "fds", "self")).isEqualTo(1);
        assertThat(errors).hasToString("fdsock trace: /nowhere/trace: No such file or directory"
                + System.lineSeparator());
    }
}
