package io.github.fdsock.project;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.junit.platform.engine.discovery.DiscoverySelectors.selectClass;

import io.github.fdsock.testing.ProgramCondition;
import io.github.fdsock.testing.RequiresProgram;
import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Disabled;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.extension.ConditionEvaluationResult;
import org.junit.platform.launcher.core.LauncherDiscoveryRequestBuilder;
import org.junit.platform.launcher.core.LauncherFactory;
import org.junit.platform.testkit.engine.EngineExecutionResults;
import org.junit.platform.testkit.engine.EngineTestKit;

/// A test whose program is missing is skipped and says why, and fails where it must not be missing.
class RequiresProgramTest {

    private static final Map<String, String> HERE = Map.of("PATH", System.getenv("PATH"));

    @Test
    void runsWhereAllProgramsAreThere() {
        assertThat(new ProgramCondition(HERE).decide(List.of("sh", "cat")).isDisabled()).isFalse();
    }

    @Test
    void isSkippedWhereOneIsMissing() {
        ConditionEvaluationResult result = new ProgramCondition(HERE).decide(List.of("sh", "no-such-program"));
        assertThat(result.isDisabled()).isTrue();
        assertThat(result.getReason()).contains("not on the PATH: no-such-program");
    }

    @Test
    void failsWhereOneIsMissingInCi() {
        ProgramCondition condition = new ProgramCondition(Map.of("PATH", HERE.get("PATH"), "CI", "true"));
        assertThatThrownBy(() -> condition.decide(List.of("no-such-program")))
                .isInstanceOf(IllegalStateException.class)
                .hasMessageContaining("no-such-program")
                .hasMessageContaining(".ci/run");
    }

    @Test
    void findsNothingWithoutAPath() {
        assertThat(new ProgramCondition(Map.of()).decide(List.of("sh")).isDisabled()).isTrue();
    }

    @Test
    void skippedTestsPrintTheirReason() {
        ByteArrayOutputStream printed = new ByteArrayOutputStream();
        PrintStream out = System.out;
        System.setOut(new PrintStream(printed, true, StandardCharsets.UTF_8));
        try {
            LauncherFactory.create().execute(LauncherDiscoveryRequestBuilder.request()
                    .selectors(selectClass(Skipping.class), selectClass(SkippedAsAWhole.class))
                    .build());
        } finally {
            System.setOut(out);
        }
        String prefix = "skipped: " + RequiresProgramTest.class.getName();
        assertThat(printed.toString(StandardCharsets.UTF_8).lines().filter(line -> line.startsWith("skipped: ")))
                .containsExactlyInAnyOrder(
                        prefix + "$Skipping.disabled: for a reason",
                        prefix + "$Skipping.assumes: Assumption failed: assumed otherwise",
                        prefix + "$SkippedAsAWhole: as a whole");
    }

    @Test
    void theAnnotationIsHonoured() {
        EngineExecutionResults results = EngineTestKit.engine("junit-jupiter")
                .selectors(selectClass(NeedsWhatIsMissing.class))
                .execute();
        assertThat(results.testEvents().started().count()).isZero();
        if ("true".equals(System.getenv("CI"))) {
            assertThat(results.testEvents().skipped().count()).isZero();
            assertThat(results.containerEvents().failed().count()).isEqualTo(1);
        } else {
            assertThat(results.containerEvents().skipped().count()).isEqualTo(1);
        }
    }

    // None of these has a name by which the build would find it.

    static class Skipping {
        @Test
        @Disabled("for a reason")
        void disabled() {
            throw new AssertionError("never runs");
        }

        @Test
        void assumes() {
            Assumptions.abort("Assumption failed: assumed otherwise");
        }
    }

    @Disabled("as a whole")
    static class SkippedAsAWhole {
        @Test
        void never() {
            throw new AssertionError("never runs");
        }
    }

    @RequiresProgram("no-such-program")
    static class NeedsWhatIsMissing {
        @Test
        void never() {
            throw new AssertionError("never runs");
        }
    }
}
