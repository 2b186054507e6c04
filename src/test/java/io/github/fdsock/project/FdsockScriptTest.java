package io.github.fdsock.project;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.project.fixture.Answer;
import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.FileTime;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.jar.Attributes;
import java.util.jar.JarEntry;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;

/// `scripts/fdsock` builds what is missing or out of date, and then is the program.
///
/// The project is a small one with the real scripts; its `mvn` writes down what Maven does, copies a jar whose program
/// prints its arguments and ends with 42, and writes down how it was called.
class FdsockScriptTest {

    @TempDir
    Path folder;

    private final Map<String, String> environment = new HashMap<>();
    private Path project;
    private Path jar;
    private Path compiled;
    private Path calls;

    @BeforeEach
    void makeProject() throws IOException {
        project = Files.createDirectory(folder.resolve("the project"));
        jar = project.resolve("target/fdsock-9.9-cli.jar");
        compiled = project.resolve("target/maven-status/maven-compiler-plugin/compile/default-compile");
        calls = folder.resolve("calls");
        Files.writeString(project.resolve("pom.xml"), "<project>\n  <version>9.9</version>\n</project>\n");
        Files.writeString(Files.createDirectories(project.resolve("src/cli")).resolve("Main.java"), "");
        Files.createDirectory(project.resolve("scripts"));
        for (String script : List.of("fdsock", "cli-jar", "find-jdk")) {
            Files.copy(Project.directory().resolve("scripts").resolve(script), project.resolve("scripts").resolve(script),
                    StandardCopyOption.COPY_ATTRIBUTES);
        }
        program(folder.resolve("answer.jar"));
        mvn(building() + "echo noise");
        environment.put("PATH", folder.resolve("bin") + ":" + System.getenv("PATH"));
        environment.put("FDSOCK_JAVA_HOME", System.getProperty("java.home"));
        backdate();
    }

    @Test
    void buildsWhatIsMissingAndRuns() throws Exception {
        Script run = fdsock("echo", "with space");
        assertThat(run.out()).isEqualTo("echo\nwith space\n");
        assertThat(run.err()).contains("building", "noise");
        assertThat(run.status()).isEqualTo(42);
        assertThat(calls).content().contains("-B", "package", "JAVA_FDSOCK_HOME=" + System.getProperty("java.home"));
    }

    @Test
    void buildsNothingThatIsUpToDate() throws Exception {
        fdsock();
        Script second = fdsock("again");
        assertThat(second.out()).isEqualTo("again\n");
        assertThat(second.err()).isEmpty();
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void buildsAgainWhenASourceIsNewer() throws Exception {
        fdsock();
        Files.setLastModifiedTime(project.resolve("src/cli/Main.java"), FileTime.from(Instant.now().plusSeconds(60)));
        fdsock();
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void buildsAgainWhenASourceIsGone() throws Exception {
        fdsock();
        Files.delete(project.resolve("src/cli/Main.java"));
        Files.setLastModifiedTime(project.resolve("src/cli"), FileTime.from(Instant.now().plusSeconds(60)));
        fdsock();
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void buildsAgainWhatWasCompiledElsewhere() throws Exception {
        fdsock();
        Files.writeString(compiled.resolve("inputFiles.lst"), folder.resolve("another/src/main/A.java") + "\n");
        fdsock();
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void buildsAgainWhatWasCompiledSinceAndIsNotInTheJar() throws Exception {
        fdsock();
        Files.setLastModifiedTime(compiled.resolve("createdFiles.lst"), FileTime.from(Instant.now().plusSeconds(60)));
        fdsock();
        assertThat(builds()).isEqualTo(2);
    }

    @Test
    void aTestThatChangedIsNoReasonToBuild() throws Exception {
        fdsock();
        Path test = Files.writeString(Files.createDirectories(project.resolve("src/test")).resolve("ATest.java"), "");
        Files.setLastModifiedTime(test, FileTime.from(Instant.now().plusSeconds(60)));
        fdsock();
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    void aFailedBuildIsStatusOne() throws Exception {
        mvn("echo broken; exit 3");
        Script run = fdsock();
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("broken", "fdsock: the build failed");
    }

    @Test
    void withoutAJdkItSaysSo() throws Exception {
        environment.put("FDSOCK_JAVA_HOME", "/nowhere");
        Script run = fdsock();
        assertThat(run.status()).isEqualTo(1);
        assertThat(run.err()).contains("/nowhere, which is not the home of a JDK 25");
        assertThat(calls).doesNotExist();
    }

    @Test
    void runsThroughALinkFromAnywhere() throws Exception {
        Path link = Files.createSymbolicLink(folder.resolve("link"), project.resolve("scripts/fdsock"));
        Script run = Script.run(folder, environment, List.of(link.toString(), "linked"));
        assertThat(run.out()).isEqualTo("linked\n");
        assertThat(run.status()).isEqualTo(42);
    }

    @Test
    void standardInputThatIsClosedIsNoFileOfTheJvm() throws Exception {
        Script run = Script.run(folder, environment,
                List.of("sh", "-c", "exec '" + project.resolve("scripts/fdsock") + "' - <&-"));
        assertThat(run.out()).isEmpty();
        assertThat(run.err()).contains("Bad file descriptor");
    }

    @Test
    void twoAtATimeBuildOnce() throws Exception {
        // The first build goes on until the second script has been started and waits for the lock.
        mvn("""
                started='%s'
                touch "$started"
                while [ -e /proc/locks ] && ! grep -q -- '-> FLOCK' /proc/locks; do :; done
                """.formatted(folder.resolve("started")) + building());
        try (ExecutorService two = Executors.newFixedThreadPool(2)) {
            Callable<Script> run = () -> fdsock("both");
            Future<Script> first = two.submit(run);
            while (!Files.exists(folder.resolve("started")) && !first.isDone()) {
                Thread.onSpinWait();
            }
            Future<Script> second = two.submit(run);
            assertThat(first.get().out()).isEqualTo("both\n");
            assertThat(second.get().out()).isEqualTo("both\n");
        }
        assertThat(builds()).isEqualTo(1);
    }

    @Test
    @Timeout(60)
    void aSignalEndsTheBuildToo() throws Exception {
        Path started = folder.resolve("started");
        mvn("sleep 100 & touch '" + started + "'; wait");
        ProcessBuilder builder = new ProcessBuilder(project.resolve("scripts/fdsock").toString());
        builder.environment().clear();
        builder.environment().putAll(environment);
        Process script = builder.start();
        while (!Files.exists(started) && script.isAlive()) {
            Thread.onSpinWait();
        }
        script.toHandle().destroy();
        assertThat(script.waitFor()).isEqualTo(143);
        // Its end comes when nobody has it any more.
        assertThat(script.getErrorStream().readAllBytes()).asString().contains("building");
    }

    private Script fdsock(String... arguments) throws Exception {
        List<String> command = new ArrayList<>(List.of(project.resolve("scripts/fdsock").toString()));
        command.addAll(List.of(arguments));
        return Script.run(folder, environment, command);
    }

    private long builds() throws IOException {
        return Files.readAllLines(calls).stream().filter(line -> line.startsWith("mvn ")).count();
    }

    /// What Maven does, as far as the script looks at it.
    private String building() {
        return "mkdir -p '" + compiled + "'; cd '" + compiled + "'; touch createdFiles.lst\n"
                + "echo '" + project.resolve("src/main/A.java") + "' >inputFiles.lst\n"
                + "cp '" + folder.resolve("answer.jar") + "' '" + jar + "'\n";
    }

    /// Puts the project's `mvn` in place, which first writes down its call and then does this.
    private void mvn(String script) throws IOException {
        Path mvn = Files.createDirectories(folder.resolve("bin")).resolve("mvn");
        Files.writeString(mvn, "#!/bin/sh\necho \"mvn $*\" >>'" + calls + "'\nenv | grep _HOME >>'" + calls + "'\n"
                + script + "\n");
        assertThat(mvn.toFile().setExecutable(true)).isTrue();
    }

    /// Makes every source older than anything built from now on, however coarse the clock of the file system.
    private void backdate() throws IOException {
        try (var files = Files.walk(project)) {
            for (Path file : files.toList()) {
                Files.setLastModifiedTime(file, FileTime.from(Instant.now().minusSeconds(60)));
            }
        }
    }

    private static void program(Path file) throws IOException {
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes().put(Attributes.Name.MAIN_CLASS, Answer.class.getName());
        String entry = Answer.class.getName().replace('.', '/') + ".class";
        try (JarOutputStream out = new JarOutputStream(Files.newOutputStream(file), manifest);
                InputStream in = Answer.class.getResourceAsStream("/" + entry)) {
            out.putNextEntry(new JarEntry(entry));
            in.transferTo(out);
            out.closeEntry();
        }
    }
}
