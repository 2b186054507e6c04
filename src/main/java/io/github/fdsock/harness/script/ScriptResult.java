package io.github.fdsock.harness.script;

import java.time.Duration;
import java.util.List;

/// How one run of a script went.
///
/// @param variant what was run
/// @param outcome passed, failed or skipped
/// @param lines those that were run, in order; of a failed run the last is the one that differs
/// @param report for a human: of a failed run the place, what was expected and what came, and the line as it is written
/// and as it came; of a skipped one why; empty if it passed
/// @param rawDifferences where it was asked for, what was called otherwise than it is written
/// @param took how long
public record ScriptResult(Script.Variant variant, Outcome outcome, List<Line> lines, String report,
        List<String> rawDifferences, Duration took) {

    /// What came of a run.
    public enum Outcome {
        /// Every line gave what it says.
        PASSED,
        /// One did not, or not in time.
        FAILED,
        /// The kernel of this machine cannot do what the script is about.
        SKIPPED
    }

    /// One line that was run.
    ///
    /// @param number from 1
    /// @param written as it stands in the script
    /// @param came the same where it is as expected; otherwise with what came instead
    /// @param differences where the two differ
    public record Line(int number, String written, String came, List<Difference> differences) {
    }

    /// One thing that is not as expected.
    ///
    /// @param line where it is expected, from 1
    /// @param column where in that line, from 1
    /// @param expected what it asks for
    /// @param actual what came
    public record Difference(int line, int column, String expected, String actual) {
    }
}
