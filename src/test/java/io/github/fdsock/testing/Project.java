package io.github.fdsock.testing;

import java.nio.file.Path;

/// Where a test finds the project's files and programs. The build passes what it knows in system properties.
public final class Project {

    private Project() {
    }

    /// The directory of `pom.xml`.
    public static Path directory() {
        return Path.of(property("fdsock.basedir"));
    }

    /// The version, as in the names of the jars.
    public static String version() {
        return property("fdsock.version");
    }

    /// The self-contained jar of the command-line tool. Known to integration tests only, which run when it is made.
    public static Path cliJar() {
        return Path.of(property("fdsock.cli.jar"));
    }

    /// The `java` this JVM was started as, which the build has chosen.
    public static Path java() {
        return Path.of(System.getProperty("java.home"), "bin", "java");
    }

    /// The module path of what the library requires of those who use its extensions for JUnit.
    public static String junitModules() {
        return property("fdsock.junit.modules");
    }

    private static String property(String name) {
        String value = System.getProperty(name);
        if (value == null) {
            throw new IllegalStateException("system property " + name + " is not set; pom.xml sets it for the tests");
        }
        return value;
    }
}
