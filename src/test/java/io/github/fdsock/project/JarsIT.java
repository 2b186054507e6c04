package io.github.fdsock.project;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.lang.module.ModuleDescriptor;
import java.lang.module.ModuleFinder;
import java.lang.module.ModuleReference;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.jar.Attributes;
import java.util.jar.JarFile;
import java.util.spi.ToolProvider;
import java.util.zip.ZipEntry;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The library's jar is a module with nothing else in it; the tool's jar needs nothing else.
class JarsIT {

    private static final Path LIBRARY =
            Project.directory().resolve("target/fdsock-" + Project.version() + ".jar");

    private static final String OURS = "io/github/fdsock/";

    @Test
    void theLibraryIsAModuleThatNeedsOnlyTheBase() {
        ModuleReference module = ModuleFinder.of(LIBRARY).find("io.github.fdsock").orElseThrow();
        ModuleDescriptor descriptor = module.descriptor();
        assertThat(descriptor.rawVersion()).contains(Project.version());
        assertThat(descriptor.requires())
                .filteredOn(required -> !required.modifiers().contains(ModuleDescriptor.Requires.Modifier.STATIC))
                .extracting(ModuleDescriptor.Requires::name).containsExactly("java.base");
        assertThat(descriptor.packages()).allMatch(name -> name.startsWith("io.github.fdsock"))
                .noneMatch(name -> name.matches(".*\\.(cli|bench|testing)"));
    }

    /// Optional modules are optional for those, too, who compile against it.
    @Test
    void aModuleThatUsesItIsCompiledWithNothingElse(@TempDir Path folder) throws IOException {
        Path module = Files.writeString(folder.resolve("module-info.java"),
                "module app { requires io.github.fdsock; }");
        Path source = Files.writeString(folder.resolve("Main.java"), """
                package app;
                import io.github.fdsock.*;
                import io.github.fdsock.harness.*;
                class Main {
                    Trace trace(Fd fd) {
                        return Trace.record(Scope.descriptor(fd));
                    }
                }
                """);
        StringWriter said = new StringWriter();
        int status = ToolProvider.findFirst("javac").orElseThrow().run(new PrintWriter(said), new PrintWriter(said),
                "-Xlint:all", "-Werror", "-d", folder.resolve("classes").toString(), "-p", LIBRARY.toString(),
                module.toString(), source.toString());
        assertThat(said.toString()).isEmpty();
        assertThat(status).isZero();
    }

    @Test
    void theLibraryHoldsNothingButItself() throws IOException {
        assertThat(entries(LIBRARY)).contains("META-INF/LICENSE")
                .allMatch(name -> name.startsWith(OURS) || name.startsWith("META-INF/")
                        || name.equals("module-info.class"));
    }

    @Test
    void theToolHasNoModuleAndMayCallNatively() throws IOException {
        assertThat(entries(Project.cliJar())).noneMatch(name -> name.endsWith("module-info.class"));
        try (JarFile jar = new JarFile(Project.cliJar().toFile())) {
            Attributes manifest = jar.getManifest().getMainAttributes();
            assertThat(manifest.getValue("Main-Class")).isEqualTo("io.github.fdsock.cli.Main");
            assertThat(manifest.getValue("Enable-Native-Access")).isEqualTo("ALL-UNNAMED");
            assertThat(manifest.getValue("Implementation-Version")).as("what --version tells")
                    .isEqualTo(Project.version());
        }
    }

    @Test
    void theToolHoldsTheLibraryAsItIs() throws IOException {
        List<String> library = entries(LIBRARY).stream().filter(name -> name.startsWith(OURS)).toList();
        assertThat(entries(Project.cliJar())).containsAll(library);
        try (JarFile from = new JarFile(LIBRARY.toFile()); JarFile to = new JarFile(Project.cliJar().toFile())) {
            for (String name : library) {
                assertThat(bytes(to, name)).as(name).isEqualTo(bytes(from, name));
            }
        }
    }

    @Test
    void theLicenceOfEachLibraryInTheToolIsNamed() throws IOException {
        List<String> named;
        try (JarFile jar = new JarFile(Project.cliJar().toFile())) {
            named = new String(bytes(jar, "META-INF/licenses/THIRD-PARTY.txt"), StandardCharsets.UTF_8).lines()
                    .filter(line -> line.matches("\\S+/ .*"))
                    .map(line -> line.substring(0, line.indexOf(' ')))
                    .toList();
        }
        List<String> classes = entries(Project.cliJar()).stream().filter(name -> name.endsWith(".class")).toList();
        assertThat(classes).allMatch(name -> name.startsWith(OURS) || named.stream().anyMatch(name::startsWith));
        assertThat(named).allMatch(folder -> classes.stream().anyMatch(name -> name.startsWith(folder)));
        assertThat(entries(Project.cliJar())).contains("META-INF/LICENSE", "META-INF/licenses/jmh-core/LICENSE",
                "META-INF/licenses/commons-math3/META-INF/NOTICE.txt");
    }

    private static List<String> entries(Path file) throws IOException {
        try (JarFile jar = new JarFile(file.toFile())) {
            return jar.stream().filter(entry -> !entry.isDirectory()).map(ZipEntry::getName).toList();
        }
    }

    private static byte[] bytes(JarFile jar, String name) throws IOException {
        try (var in = jar.getInputStream(jar.getEntry(name))) {
            return in.readAllBytes();
        }
    }
}
