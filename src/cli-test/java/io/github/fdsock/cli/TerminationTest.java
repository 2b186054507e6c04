package io.github.fdsock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import java.io.BufferedReader;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A command that begins when a signal ends the JVM already does nothing, and says nothing.
class TerminationTest {
    @TempDir
    private Path folder;

    /// A JVM whose end has begun when it begins the command.
    static final class Late {
        private Late() {
        }

        /// Ends with 3, when the command has gone as far as it goes.
        public static void main(final String[] arguments) {
            Runtime.getRuntime().addShutdownHook(new Thread(() -> {
                final Thread command = Thread.ofPlatform().daemon().start(() -> Main.commandLine().execute(arguments));
                while (command.isAlive() && command.getState() != Thread.State.WAITING) {
                    Thread.onSpinWait();
                }
            }));
            System.exit(3);
        }
    }

    @ParameterizedTest
    @ValueSource(strings = {"echo unix:s", "recv-fd unix:s", "demo"})
    @Timeout(60)
    void aCommandThatBeginsTooLateDoesNothing(final String command) throws Exception {
        final List<String> line = new ArrayList<>(List.of(Project.java().toString(), "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED", "-Djava.io.tmpdir=" + folder,
                "-cp", System.getProperty("java.class.path"), Late.class.getName()));
        line.addAll(List.of(command.split(" ")));
        final Process process = new ProcessBuilder(line).directory(folder.toFile()).redirectErrorStream(true).start();
        try (BufferedReader said = process.inputReader()) {
            assertThat(said.readAllLines()).isEmpty();
            assertThat(process.waitFor()).isEqualTo(3);
        } finally {
            process.destroyForcibly();
        }
        assertThat(folder).isEmptyDirectory();
    }
}
