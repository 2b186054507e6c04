package io.github.fdsock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.FileOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;

/// A command whose output has got lost has failed, and says so.
class MainTest {
    @Test
    void outputThatCannotBeWrittenIsAFailure() throws IOException {
        final StringWriter errors = new StringWriter();
        final CommandLine fdsock = Main.commandLine().setErr(new PrintWriter(errors, true));
        final PrintStream out = System.out;
        try (PrintStream full = new PrintStream(new FileOutputStream("/dev/full"), true)) {
            System.setOut(full);
            assertThat(fdsock.execute("fds", "self")).isEqualTo(1);
        } finally {
            System.setOut(out);
        }
        assertThat(errors).hasToString("fdsock: standard output cannot be written" + System.lineSeparator());
    }
}
