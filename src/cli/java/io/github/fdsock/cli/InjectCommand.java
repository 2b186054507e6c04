package io.github.fdsock.cli;

import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.Scope;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fdsock inject`: another command of this tool, with calls of it failing by rules.
@Command(name = "inject", description = {
    "Runs another fdsock command in which calls fail, come short or are late, by rules as strace -e inject= takes them;"
        + " says on standard error what came of each rule, and ends with the command's status.",
    "Example: fdsock inject accept4:error=EMFILE:when=1..3 recv:short=1 -- echo tcp:127.0.0.1:7000",
    "With the calls shown: fdsock inject recv:error=EINTR:when=2+2 -- trace -- echo tcp:127.0.0.1:7000"})
final class InjectCommand implements Callable<Integer> {
    private static final String END_OF_RULES = "--";

    @Parameters(arity = "1..*", paramLabel = "RULE... -- COMMAND",
            description = "any number of rules CALL[,CALL...]:EFFECT[:CONDITION...] such as accept4:error=EMFILE:when=1..3,"
                + " recv:short=1, close:error=EIO:after; behind -- the command and its arguments")
    private List<String> words;

    @Option(names = "--children", description = "in the processes that the command starts of this program, too;"
        + " each counts by itself")
    private boolean children;

    @Spec
    private CommandSpec spec;

    private String command;
    private Faults faults;

    @Override
    public Integer call() {
        // Both are positional: the words do not say where the one ended and the other began.
        final List<String> all = spec.commandLine().getParseResult().originalArgs();
        final int separator = all.indexOf(END_OF_RULES);
        final List<String> line = separator < 0 ? List.of() : all.subList(separator + 1, all.size());
        final List<String> rules = words.subList(0, words.size() - line.size());
        if (line.isEmpty() || rules.isEmpty()) {
            throw new ParameterException(spec.commandLine(), "expected RULE... -- COMMAND...");
        }
        command = line.getFirst();
        try {
            faults = Faults.inject(Scope.everything(), rules.toArray(String[]::new));
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage());
        }
        if (children) {
            Children.startBehind(again());
        }
        // A server that is ended by a signal does not come back here.
        Termination.last(status -> {
            finish();
            return status;
        });
        try {
            return Main.commandLine().execute(line.toArray(String[]::new));
        } finally {
            finish();
        }
    }

    /// What a child has before its own command, with the seeds that were chosen.
    private List<String> again() {
        final List<String> again = new ArrayList<>(List.of("inject", "--children"));
        faults.rules().forEach(rule -> again.add(rule.toString()));
        again.add(END_OF_RULES);
        return again;
    }

    private synchronized void finish() {
        if (faults == null) {
            return;
        }
        faults.close();
        for (int i = 0; i < faults.rules().size(); i++) {
            System.err.println("fdsock inject " + command + ": " + faults.rules().get(i)
                    + " (" + faults.matched(i) + " matched, " + faults.injected(i) + " injected)");
        }
        faults = null;
    }
}
