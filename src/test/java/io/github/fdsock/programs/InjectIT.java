package io.github.fdsock.programs;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// `fdsock inject` lets calls of another command fail, tells what came of it, and ends as the command does.
@Timeout(180)
class InjectIT {
    private static final String RULE = "bind:error=EADDRINUSE:when=1";

    @ParameterizedTest
    @ValueSource(strings = {"inject " + RULE + " -- trace -- echo tcp:127.0.0.1:0",
        "trace -- inject " + RULE + " -- echo tcp:127.0.0.1:0"})
    void aTraceMarksWhatWasInjectedWhicheverComesFirst(final String command) throws Exception {
        try (Program echo = Program.fdsock(command.split(" "))) {
            assertThat(echo.rest()).isEmpty();
            assertThat(echo.status()).isEqualTo(1);
            assertThat(echo.errors().lines())
                    .anyMatch(line -> line.matches("bind\\(.*\\) += -1 EADDRINUSE .* \\(INJECTED\\)"))
                    .anyMatch(line -> line.matches("socket\\(.*\\) += \\d+"))
                    .anyMatch(line -> line.matches("fdsock inject \\w+: " + RULE + " \\(1 matched, 1 injected\\)"));
        }
    }

    @Test
    void theRulesAreInTheChildrenTooWhereThatIsWanted() throws Exception {
        try (Program demo = Program.fdsock("inject", "--children", "bind:error=EADDRINUSE:chance=1.0:seed=1", "--", "demo")) {
            assertThat(demo.rest()).containsExactly("demo failed: a server ended before it listened");
            assertThat(demo.status()).isEqualTo(1);
            assertThat(demo.errors())
                    .contains("fdsock inject echo: bind:error=EADDRINUSE:chance=1.0:seed=1 (1 matched, 1 injected)")
                    .contains("fdsock inject demo: bind:error=EADDRINUSE:chance=1.0:seed=1 (0 matched, 0 injected)");
        }
    }

    @Test
    void whatIsNoRuleIsWrongUsageAndThePlaceIsShown() throws Exception {
        for (final List<String> wrong : List.of(
                List.of("column 15: expected an errno", "inject", "accept4:error=EMFIL", "--", "echo", "tcp:127.0.0.1:0"),
                List.of("column 11: expected error= or retval=", "inject", "recv:error=EINTR", "bind:after", "--", "echo", "tcp:127.0.0.1:0"),
                List.of("expected RULE... -- COMMAND...", "inject", "accept4:error=EMFILE"),
                List.of("expected RULE... -- COMMAND...", "inject", "--", "echo", "tcp:127.0.0.1:0"),
                List.of("Unmatched argument", "inject", "bind:error=EIO", "--", "nonsense"))) {
            try (Program inject = Program.fdsock(wrong.subList(1, wrong.size()).toArray(String[]::new))) {
                assertThat(inject.status()).as("%s", wrong).isEqualTo(2);
                assertThat(inject.errors()).contains(wrong.getFirst()).doesNotContain("\tat ");
            }
        }
    }
}
