package io.github.fdsock.project;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.testing.Project;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Nested;
import org.junit.jupiter.api.Test;

/// Arrows between packages point downward only, and what is dangerous stays on the raw floor.
class ArchitectureTest {

    /// More than this, and a package is a drawer.
    private static final int MOST_TYPES = 25;

    private static final Architecture FDSOCK = new Architecture("io.github.fdsock");

    private static final List<ClassFile> CLASSES = compiled("classes", "cli-classes", "bench-classes");

    @Test
    void arrowsPointDownward() {
        assertThat(FDSOCK.arrows(CLASSES)).isEmpty();
    }

    @Test
    void onlyTheRawFloorCallsIntoC() {
        assertThat(FDSOCK.nativeAccess(CLASSES)).isEmpty();
    }

    @Test
    void classesAreNamedByWhatTheyAre() {
        assertThat(FDSOCK.names(CLASSES)).isEmpty();
    }

    @Test
    void testsAreNamedByWhatTheyAre() {
        List<ClassFile> tests = compiled("test-classes", "test-support").stream()
                .filter(type -> !type.packageName().startsWith(Fixture.ROOT))
                .toList();
        assertThat(FDSOCK.names(tests)).isEmpty();
    }

    @Test
    void noPackageIsADrawer() {
        assertThat(FDSOCK.sizes(CLASSES, MOST_TYPES)).isEmpty();
    }

    /// The rules find what is built to break them.
    @Nested
    class Fixture {

        static final String ROOT = "io.github.fdsock.project.fixture";

        private static final Architecture HOUSE = new Architecture(ROOT);

        private static final List<ClassFile> BROKEN = compiled("test-classes").stream()
                .filter(type -> type.packageName().startsWith(ROOT))
                .toList();

        @Test
        void arrowUpwardAndPackageWithoutFloor() {
            assertThat(HOUSE.arrows(BROKEN)).containsExactlyInAnyOrder(
                    ROOT + ".sys.Low uses " + ROOT + ".loop.High",
                    ROOT + ".attic.Stray is in package " + ROOT + ".attic, which has no floor");
        }

        @Test
        void callsIntoCOutsideOfTheRawFloor() {
            assertThat(HOUSE.nativeAccess(BROKEN)).containsExactlyInAnyOrder(
                    ROOT + ".loop.High uses java.lang.foreign.Linker",
                    ROOT + ".loop.High calls java.lang.foreign.MemorySegment.reinterpret",
                    ROOT + ".loop.SocketHelper uses java.lang.invoke.MethodHandle");
        }

        @Test
        void namesThatSayNothing() {
            assertThat(HOUSE.names(BROKEN))
                    .containsExactly(ROOT + ".loop.SocketHelper is not named by what it is");
        }

        @Test
        void packageThatGrew() {
            assertThat(HOUSE.sizes(BROKEN, 1)).containsExactly(ROOT + ".loop has 2 types: split it by subject");
        }
    }

    private static List<ClassFile> compiled(String... folders) {
        List<ClassFile> classes = new ArrayList<>();
        for (String folder : folders) {
            Path path = Project.directory().resolve("target").resolve(folder);
            // A source root without sources is not compiled to anything.
            if (Files.isDirectory(path)) {
                classes.addAll(ClassFile.below(path));
            }
        }
        assertThat(classes).isNotEmpty();
        return classes;
    }
}
