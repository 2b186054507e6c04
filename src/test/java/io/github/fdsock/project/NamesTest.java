package io.github.fdsock.project;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import java.io.IOException;
import java.lang.reflect.Member;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

/// What the table of libuv's and Node's names points to is there, and public.
class NamesTest {
    private static final List<String> PACKAGES = List.of("", "loop.", "option.", "resolve.", "process.", "blocking.",
            "sys.");

    /// A type, perhaps one within another or of the JDK, and perhaps a member of it.
    private static final Pattern NAME = Pattern.compile("`((?:[a-z]+\\.)*[A-Z]\\w+(?:\\.[A-Z]\\w+)?)(?:[#.](\\w+))?`");

    @Test
    void everyNameOnTheRightIsOneOfOurs() throws IOException {
        final Path table = Project.directory().resolve("src/site/markdown/names.md");
        final List<MatchResult> names = Files.readAllLines(table).stream().filter(line -> line.startsWith("| "))
                .flatMap(line -> NAME.matcher(line.substring(line.indexOf(" | "))).results()).toList();
        assertThat(names).hasSizeGreaterThan(100);
        assertThat(names).filteredOn(name -> !isThere(name.group(1), name.group(2))).map(MatchResult::group).isEmpty();
    }

    @Test
    void whatIsNotThereIsFound() {
        assertThat(isThere("EventLoop", "run")).isTrue();
        assertThat(isThere("Listener.AcceptError", "LIMIT")).isTrue();
        assertThat(isThere("EventLoop", "slots")).as("not public").isFalse();
        assertThat(isThere("EventLoop", "wait for it")).isFalse();
        assertThat(isThere("Eventloop", null)).isFalse();
    }

    private static boolean isThere(final String type, final String member) {
        return Stream.concat(PACKAGES.stream().map(each -> "io.github.fdsock." + each),
                Stream.of("", "java.lang.", "java.util.concurrent."))
                .anyMatch(prefix -> isMember(prefix + type.replaceAll("([A-Z]\\w+)\\.", "$1\\$"), member));
    }

    private static boolean isMember(final String type, final String member) {
        try {
            final Class<?> there = Class.forName(type, false, NamesTest.class.getClassLoader());
            return member == null || Stream.<Member[]>of(there.getMethods(), there.getFields()).flatMap(Stream::of)
                    .anyMatch(each -> each.getName().equals(member));
        } catch (final ClassNotFoundException e) {
            return false;
        }
    }
}
