package io.github.fdsock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;
import picocli.CommandLine;

/// A command whose output has got lost has failed, and says so.
class MainTest {
    private final StringWriter errors = new StringWriter();
    private final CommandLine fdsock = Main.commandLine().setErr(new PrintWriter(errors, true));

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
