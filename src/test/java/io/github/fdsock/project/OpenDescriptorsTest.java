package io.github.fdsock.project;

import static org.assertj.core.api.Assertions.assertThat;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.github.fdsock.harness.OpenDescriptors;
import io.github.fdsock.testing.WithoutLedger;
import java.io.FileInputStream;
import java.io.IOException;
import java.nio.channels.Pipe;
import java.util.ArrayList;
import java.util.List;
import net.jqwik.api.Example;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.platform.engine.TestExecutionResult;
import org.junit.platform.testkit.engine.EngineTestKit;

/// A descriptor that a test leaves open, or closes without having opened it, fails the test, without the test asking.
class OpenDescriptorsTest {

    private static final String FILE = "/etc/passwd";

    /// What the classes below leave open; closed here after their run, or this test would fail by its own means.
    private static final List<FileInputStream> LEFT_OPEN = new ArrayList<>();

    private static FileInputStream foreign;

    @AfterEach
    void close() throws IOException {
        for (FileInputStream stream : LEFT_OPEN) {
            stream.close();
        }
        LEFT_OPEN.clear();
    }

    @Test
    void listsWhatIsOpen() throws IOException {
        OpenDescriptors before = OpenDescriptors.now();
        try (FileInputStream stream = new FileInputStream(FILE)) {
            assertThat(OpenDescriptors.now().targets().values()).contains(FILE);
            assertThat(stream.read()).isNotNegative();
        }
        assertThat(OpenDescriptors.now().targets()).isEqualTo(before.targets());
    }

    @Test
    void leavesItsOwnListingOut() {
        assertThat(OpenDescriptors.now().targets().values())
                .noneMatch(target -> target.startsWith("/proc/"));
    }

    @Test
    void namesWhatWasLeftOpen() throws IOException {
        OpenDescriptors before = OpenDescriptors.now();
        try (FileInputStream stream = new FileInputStream(FILE)) {
            assertThat(stream.read()).isNotNegative();
            assertThat(before.difference()).matches("left open:\\R  \\d+ -> " + FILE);
        }
        assertThat(before.difference()).isEmpty();
    }

    @Test
    void namesWhatSomebodyElseHadOpened() throws IOException {
        FileInputStream stream = new FileInputStream(FILE);
        OpenDescriptors before = OpenDescriptors.now();
        stream.close();
        assertThat(before.difference()).matches("closed, though opened by somebody else:\\R  \\d+ -> " + FILE);
    }

    @Test
    void aPipeThatStaysOpenIsFoundInTheEnd() throws IOException {
        OpenDescriptors before = OpenDescriptors.now();
        Pipe pipe = Pipe.open();
        try (Pipe.SourceChannel source = pipe.source(); Pipe.SinkChannel sink = pipe.sink()) {
            assertThat(source.isOpen() && sink.isOpen()).isTrue();
            assertThat(before.difference()).matches("left open:(\\R  \\d+ -> pipe:\\[\\d+]){2}");
        }
    }

    @Test
    void aChildThatWasWaitedForLeavesNothing() throws Exception {
        for (int i = 0; i < 20; i++) {
            OpenDescriptors before = OpenDescriptors.now();
            assertThat(new ProcessBuilder("true").start().waitFor()).isZero();
            assertThat(before.difference()).isEmpty();
        }
    }

    @Test
    void aLeakingTestFails() {
        assertThat(failures("junit-jupiter", LeavesOpen.class)).hasSize(2)
                .anySatisfy(message -> assertThat(message).startsWith("descriptors differ after LeavesOpen.leaks()\n")
                        .containsPattern("left open:\\R  \\d+ -> " + FILE))
                .anySatisfy(message -> assertThat(message).startsWith("descriptors differ after LeavesOpen\n"));
    }

    @Test
    void aTestThatClosesWhatItDidNotOpenFails() throws IOException {
        foreign = new FileInputStream(FILE);
        assertThat(failures("junit-jupiter", ClosesForeign.class)).hasSize(2)
                .allSatisfy(message -> assertThat(message)
                        .containsPattern("closed, though opened by somebody else:\\R  \\d+ -> " + FILE));
    }

    @Test
    void aLeakingClassFails() {
        assertThat(failures("junit-jupiter", LeavesOpenForAll.class)).singleElement().asString()
                .startsWith("descriptors differ after LeavesOpenForAll\n");
    }

    @Test
    void whatIsOpenedAndClosedAroundTestsIsFine() {
        assertThat(failures("junit-jupiter", TidiesUp.class)).isEmpty();
    }

    @Test
    void aLeakingPropertyFails() {
        assertThat(failures("jqwik", LeavesOpenInProperty.class))
                .anySatisfy(message -> assertThat(message).startsWith("descriptors after leaks:\n"))
                .anySatisfy(message -> assertThat(message)
                        .startsWith("descriptors differ after OpenDescriptorsTest.LeavesOpenInProperty\n"));
    }

    /// Runs a class below as the build runs tests, and answers with the messages of what failed.
    private static List<String> failures(String engine, Class<?> tests) {
        return EngineTestKit.engine(engine)
                .enableImplicitConfigurationParameters(true)
                .selectors(selectClass(tests))
                .execute()
                .allEvents().finished().stream()
                .map(event -> event.getRequiredPayload(TestExecutionResult.class))
                .flatMap(result -> result.getThrowable().stream())
                .map(Throwable::getMessage)
                .toList();
    }

    private static void leak() throws IOException {
        LEFT_OPEN.add(new FileInputStream(FILE));
    }

    // None of these has a name by which the build would find it.

    @WithoutLedger("what the comparison finds")
    static class LeavesOpen {
        @Test
        void leaks() throws IOException {
            leak();
        }

        @Test
        void isTidy() throws IOException {
            new FileInputStream(FILE).close();
        }
    }

    @WithoutLedger("what the comparison finds")
    static class ClosesForeign {
        @Test
        void closes() throws IOException {
            foreign.close();
        }
    }

    @WithoutLedger("what the comparison finds")
    static class LeavesOpenForAll {
        @BeforeAll
        static void open() throws IOException {
            leak();
        }

        @Test
        void isTidy() {
            assertThat(LEFT_OPEN).hasSize(1);
        }
    }

    @WithoutLedger("what the comparison finds")
    static class TidiesUp {
        private static FileInputStream forAll;
        private final FileInputStream inField = new FileInputStream(FILE);
        private FileInputStream forEach;

        TidiesUp() throws IOException {
        }

        @BeforeAll
        static void openForAll() throws IOException {
            forAll = new FileInputStream(FILE);
        }

        @BeforeEach
        void open() throws IOException {
            forEach = new FileInputStream(FILE);
        }

        @Test
        void uses() throws IOException {
            assertThat(inField.read() + forEach.read() + forAll.read()).isPositive();
        }

        @AfterEach
        void close() throws IOException {
            inField.close();
            forEach.close();
        }

        @AfterAll
        static void closeForAll() throws IOException {
            forAll.close();
        }
    }

    static class LeavesOpenInProperty {
        @Example
        void leaks() throws IOException {
            leak();
        }
    }
}
