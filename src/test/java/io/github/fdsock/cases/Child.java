package io.github.fdsock.cases;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import java.io.BufferedReader;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/// A program with which a test talks line by line; ended, at the latest, with the block it belongs to.
final class Child implements AutoCloseable {
    static final int CAP_SETPCAP = 8;
    static final int CAP_SYS_ADMIN = 21;

    private static final long LIMIT_SECONDS = 20;

    private final Process process;
    private final BufferedReader output;

    private Child(Process process) {
        this.process = process;
        this.output = process.inputReader();
    }

    static Child python(String program, String... arguments) throws IOException {
        return start(Stream.concat(Stream.of("python3", "-c", program),
                Stream.of(arguments)).toList());
    }

    /// Starts the `main` of a class, which may use no library.
    static Child java(Class<?> main) throws IOException {
        return start(java(main, List.of()));
    }

    /// Starts one that has none of these capabilities, named as `setpriv` does, whoever the user is.
    static Child javaWithout(String capabilities, Class<?> main) throws IOException {
        String removed = "-" + capabilities.replace(",", ",-");
        // A program keeps no capability that is not in its bounding set, not even as root. Who is not root has none.
        return start(java(main, capable(CAP_SETPCAP)
                ? List.of("setpriv", "--bounding-set", removed, "--inh-caps", removed) : List.of()));
    }

    private static List<String> java(Class<?> main, List<String> launcher) {
        Path target = Project.directory().resolve("target");
        return Stream.concat(launcher.stream(), Stream.of(Project.java().toString(), "-XX:+UseSerialGC",
                "--enable-native-access=ALL-UNNAMED", "-cp",
                target.resolve("classes") + ":" + target.resolve("test-classes"), main.getName())).toList();
    }

    /// Whether this process has a capability.
    static boolean capable(int capability) throws IOException {
        String effective = Files.readAllLines(Path.of("/proc/self/status")).stream()
                .filter(line -> line.startsWith("CapEff:")).findFirst().orElseThrow();
        return (Long.parseUnsignedLong(effective.substring("CapEff:".length()).strip(), 16) >> capability & 1) == 1;
    }

    private static Child start(List<String> command) throws IOException {
        return new Child(new ProcessBuilder(command).redirectError(ProcessBuilder.Redirect.INHERIT).start());
    }

    long pid() {
        return process.pid();
    }

    void say(String line) throws IOException {
        process.outputWriter().append(line).append('\n').flush();
    }

    String hear() throws IOException {
        return output.readLine();
    }

    void awaitEnd() throws InterruptedException {
        assertThat(process.waitFor(LIMIT_SECONDS, TimeUnit.SECONDS)).as("the child has ended").isTrue();
        assertThat(process.exitValue()).isZero();
    }

    @Override
    public void close() throws IOException {
        process.destroyForcibly();
        process.onExit().join();
        process.outputWriter().close();
        output.close();
    }
}
