package io.github.fdsock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A process ends in one way, and says in which.
class ExitStatusTest {
    @Test
    void saysHow() {
        assertThat(new ExitStatus(0, 0, false)).hasToString("exited with status 0").matches(ExitStatus::exited);
        assertThat(new ExitStatus(255, 0, false)).hasToString("exited with status 255").matches(ExitStatus::exited);
        assertThat(new ExitStatus(-1, 9, false)).hasToString("killed by signal 9").matches(end -> !end.exited());
        assertThat(new ExitStatus(-1, 11, true)).hasToString("killed by signal 11, core dumped");
    }

    @ParameterizedTest
    @CsvSource({"-1, 0, false", "256, 0, false", "0, 9, false", "0, 0, true", "-1, -9, false", "-2, 9, false"})
    void noOtherWayIsTaken(int status, int signal, boolean coreDumped) {
        assertThatThrownBy(() -> new ExitStatus(status, signal, coreDumped))
                .isInstanceOf(IllegalArgumentException.class)
                .hasMessageStartingWith("an exit status of " + status + " with signal " + signal);
    }
}
