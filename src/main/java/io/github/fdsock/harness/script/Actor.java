package io.github.fdsock.harness.script;

import java.util.List;
import java.util.concurrent.CompletableFuture;

/// Who makes the calls of the lines with a label, one after the other: a thread of this process, or another process.
///
/// Only the thread that runs the script asks it for something. A future ends with a [ScriptException] where the line
/// asks for what is not done, and with an [java.io.IOException] where there is no such process any more.
sealed interface Actor permits ThreadActor, ProcessActor {

    /// A call that was made.
    ///
    /// @param raw where it was asked for, what was called otherwise than it is written
    record Returned(long result, List<String> raw) {
    }

    /// Lays out the arguments of a line and makes its call, or waits for its condition.
    ///
    /// @param deadlineNanos until when a condition is waited for
    CompletableFuture<Returned> begin(CallLine line, long deadlineNanos);

    /// Whether it sleeps in the kernel, in the call that was begun last.
    CompletableFuture<Boolean> sleeps();

    /// Compares everything that came of the call that has returned last with what its line expects.
    CompletableFuture<LineDiff> compare();

    /// Whether its result is one of those that the line has.
    CompletableFuture<Boolean> matches();
}
