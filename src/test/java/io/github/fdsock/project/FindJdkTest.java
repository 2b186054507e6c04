package io.github.fdsock.project;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// `scripts/find-jdk` prints the home of a suitable JDK, or says what is missing.
class FindJdkTest {

    @TempDir
    Path folder;

    private final Map<String, String> environment = new HashMap<>();
    private Path tools;

    /// A `PATH` with what the script itself calls and no `java`, and no folder of JDKs.
    @BeforeEach
    void isolate() throws IOException {
        tools = Files.createDirectory(folder.resolve("tools"));
        for (String tool : List.of("sed", "grep", "env", "cat", "tr", "sort", "head", "cut", "dirname", "readlink")) {
            Path wrapper = Files.writeString(tools.resolve(tool), "#!/bin/sh\nexec " + onPath(tool) + " \"$@\"\n");
            assertThat(wrapper.toFile().setExecutable(true)).isTrue();
        }
        environment.put("PATH", tools.toString());
        environment.put("FDSOCK_JDK_FOLDERS", folder.resolve("nothing").toString());
    }

    @Test
    void findsTheJdkOfThisBuild() throws Exception {
        environment.put("JAVA_HOME", Project.java().getParent().getParent().toString());
        assertFinds(Project.java().getParent().getParent());
    }

    @Test
    void aNamedOneComesFirst() throws Exception {
        environment.put("FDSOCK_JAVA_HOME", jdk("named", "25").toString());
        environment.put("JAVA_HOME", jdk("newer", "27").toString());
        assertFinds(folder.resolve("named"));
    }

    @Test
    void aWronglyNamedOneIsAnError() throws Exception {
        environment.put("FDSOCK_JAVA_HOME", jdk("old", "24.0.2").toString());
        environment.put("JAVA_HOME", jdk("good", "25").toString());
        Script found = find();
        assertThat(found.status()).isEqualTo(1);
        assertThat(found.out()).isEmpty();
        assertThat(found.err()).contains("FDSOCK_JAVA_HOME is " + folder.resolve("old"));
    }

    @Test
    void anOldJavaHomeIsPassedOver() throws Exception {
        environment.put("JAVA_HOME", jdk("old", "17.0.15").toString());
        environment.put("JAVA25_HOME", jdk("with spaces", "25.0.1").toString());
        assertFinds(folder.resolve("with spaces"));
    }

    @Test
    void aNewerNumberedHomeWillDo() throws Exception {
        environment.put("JAVA21_HOME", jdk("old", "21").toString());
        environment.put("JAVA26_HOME", jdk("new", "26-ea").toString());
        assertFinds(folder.resolve("new"));
    }

    @Test
    void theJavaOnThePathIsFollowedHome() throws Exception {
        Path home = jdk("linked", "25");
        Files.createSymbolicLink(tools.resolve("java"), home.resolve("bin/java"));
        assertFinds(home);
    }

    @Test
    void anOldJavaOnThePathIsPassedOver() throws Exception {
        Files.createSymbolicLink(tools.resolve("java"), jdk("old", "17").resolve("bin/java"));
        jdk("jvm/good", "25");
        environment.put("FDSOCK_JDK_FOLDERS", folder.resolve("jvm").toString());
        assertFinds(folder.resolve("jvm/good"));
    }

    @Test
    void theNewestOfAllFoldersIsTaken() throws Exception {
        jdk("one/a", "25.0.9");
        jdk("one/old", "1.8.0_402");
        jdk("two/b", "25.0.10");
        jdk("two/c", "25.0.2");
        environment.put("FDSOCK_JDK_FOLDERS", folder.resolve("one") + ":" + folder.resolve("two"));
        assertFinds(folder.resolve("two/b"));
    }

    @Test
    void aRuntimeWithoutCompilerIsNoJdk() throws Exception {
        Files.delete(jdk("jvm/runtime", "25").resolve("bin/javac"));
        Files.delete(jdk("jvm/unknown", "25").resolve("release"));
        environment.put("FDSOCK_JDK_FOLDERS", folder.resolve("jvm").toString());
        assertThat(find().status()).isEqualTo(1);
    }

    @Test
    void whereThereIsNoneItSaysWhatIsMissingAndHowToNameOne() throws Exception {
        Script found = find();
        assertThat(found.status()).isEqualTo(1);
        assertThat(found.out()).isEmpty();
        assertThat(found.err()).contains("no JDK 25 or newer", "JAVA25_HOME=");
    }

    private void assertFinds(Path home) throws Exception {
        Script found = find();
        assertThat(found.err()).isEmpty();
        assertThat(found.out()).isEqualTo(home + "\n");
        assertThat(found.status()).isZero();
    }

    private Script find() throws Exception {
        return Script.run(folder, environment, List.of(Project.directory().resolve("scripts/find-jdk").toString()));
    }

    private Path jdk(String name, String version) throws IOException {
        Path home = folder.resolve(name);
        Path bin = Files.createDirectories(home.resolve("bin"));
        for (String program : List.of("java", "javac")) {
            assertThat(Files.createFile(bin.resolve(program)).toFile().setExecutable(true)).isTrue();
        }
        Files.writeString(home.resolve("release"), "IMPLEMENTOR=\"Somebody\"\nJAVA_VERSION=\"" + version + "\"\n");
        return home;
    }

    private static Path onPath(String program) {
        for (String directory : System.getenv("PATH").split(":")) {
            Path file = Path.of(directory, program);
            if (Files.isExecutable(file)) {
                return file;
            }
        }
        throw new IllegalStateException(program + " is not on the PATH");
    }
}
