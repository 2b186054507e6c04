package io.github.fdsock.harness.script;

import io.github.fdsock.harness.script.CallLine.Source;
import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A script of calls, parsed: what it claims, and its lines. The package has the notation.
///
/// ```java
/// for (Script.Variant variant : Script.parse(Path.of("refused.calls")).variants()) {
///     ScriptResult result = variant.run();
///     if (result.outcome() == ScriptResult.Outcome.FAILED) {
///         System.out.println(result.report());
///     }
/// }
/// ```
///
/// Immutable; any thread may run it, but only one script at a time in a process: the table of descriptors is shared,
/// and a script may rely on a number that it has closed being nobody's.
public final class Script {
    /// How long a run may take where neither the script nor its caller says: more than any single wait that a script
    /// is likely to ask for.
    public static final Duration DEFAULT_TIMEOUT = Duration.ofSeconds(20);

    /// 146 years: points in time stay comparable by their difference.
    private static final Duration LONGEST = Duration.ofNanos(Long.MAX_VALUE / 2);

    private static final String CASES = "# cases: ";
    private static final String TIMEOUT = "# timeout: ";
    private static final String WITH = "# with: ";
    private static final String UNLESS = "# unless: ";

    /// What is meant to be one of these, and would be read as a comment.
    private static final Pattern ALMOST_HEADER = Pattern.compile(
            "\\s*#\\s*(cases|timeout|with|unless)(\\s*:.*|\\s+\\d+\\s*(ms|s)\\s*|\\s+\\w+\\s*=.*)");

    private static final Pattern DURATION = Pattern.compile("([1-9]\\d{0,5})(ms|s)");
    private static final Pattern UNFINISHED = Pattern.compile("(.*?)\\s*<unfinished \\.\\.\\.>\\s*(#.*)?");
    private static final Pattern RESUMED = Pattern.compile("\\s*(?:(\\w+):)?\\s*<\\.\\.\\. (\\w+) resumed>(.*)");

    private final String name;
    private final String text;
    private final String claim;
    private final List<String> cases;
    private final Duration timeout;
    private final List<Map<String, Value>> variants;
    private final List<Step> steps;

    /// What happens at one place of a script.
    ///
    /// @param kind a call is made, begun, or finished; or it is begun and its process ends in it; a process is started,
    /// or has ended
    record Step(Kind kind, CallLine line) {
        enum Kind {
            CALL, BEGIN, FINISH, BEGIN_LAST, SPAWN, END
        }
    }

    /// What the lines up to here have come to.
    private static final class Lines {
        private final List<Step> steps = new ArrayList<>();

        /// By label: a call that has not been finished; where a thread is first heard of; where a process is started,
        /// and where it has ended.
        private final Map<String, Begun> begun = new HashMap<>();
        private final Map<String, Integer> threads = new HashMap<>();
        private final Map<String, Integer> started = new HashMap<>();
        private final Map<String, Integer> ended = new HashMap<>();
    }

    /// A call that has been begun, as far as it stands there.
    private record Begun(int step, int number, String text) {
    }

    private Script(final String name, final String text, final Header header, final List<Step> steps) {
        this.name = name;
        this.text = text;
        this.claim = header.claim;
        this.cases = List.copyOf(header.cases);
        this.timeout = header.timeout;
        this.variants = header.variants.isEmpty() ? List.of(Map.of()) : List.copyOf(header.variants);
        this.steps = List.copyOf(steps);
    }

    /// What stands in the comments that mean something.
    private static final class Header {
        private final String claim;
        private final List<String> cases = new ArrayList<>();
        private final List<Map<String, Value>> variants = new ArrayList<>();
        private Duration timeout;

        Header(final String claim) {
            this.claim = claim;
        }
    }

    /// Reads a script.
    ///
    /// @param file where it is
    /// @return the script, which has the file's path as its name
    /// @throws IOException if the file cannot be read
    /// @throws ScriptException if it is no script
    public static Script parse(final Path file) throws IOException {
        try {
            return parse(file.toString(), Files.readString(file));
        } catch (final CharacterCodingException e) {
            throw new Source(file.toString(), 1, "").wrong(0, "not UTF-8");
        }
    }

    /// Reads a script that is in memory already.
    ///
    /// @param name what its messages call it
    /// @param text its lines
    /// @return the script
    /// @throws ScriptException if it is none
    public static Script parse(final String name, final String text) {
        final String[] rows = text.split("\n", -1);
        if (!rows[0].startsWith("# ") || rows[0].substring(2).isBlank()) {
            throw new Source(name, 1, rows[0])
                    .wrong(0, "the first line has to say in a comment what the script claims");
        }
        final Header header = new Header(rows[0].substring(2).strip());
        final Lines lines = new Lines();
        for (int i = 1; i < rows.length; i++) {
            if (!parseHeader(header, new Source(name, i + 1, rows[i]))) {
                parseLine(new Source(name, i + 1, rows[i]), lines);
            }
        }
        for (final Begun call : lines.begun.values()) {
            throw new Source(name, call.number, rows[call.number - 1])
                    .wrong(0, "a call that is begun here and never resumed");
        }
        if (lines.steps.stream().allMatch(step -> step.line.unless())) {
            throw new Source(name, rows.length, "").wrong(0, "no calls");
        }
        return new Script(name, text, header, lines.steps);
    }

    /// Whether it is a line of the header.
    private static boolean parseHeader(final Header header, final Source source) {
        final String row = source.text();
        if (row.startsWith(CASES)) {
            header.cases.addAll(List.of(row.substring(CASES.length()).strip().split("\\s+")));
            return true;
        }
        if (row.startsWith(TIMEOUT)) {
            final String span = row.substring(TIMEOUT.length()).strip();
            if (header.timeout != null) {
                throw source.wrong(0, "a second timeout");
            }
            header.timeout = duration(span).orElseThrow(() -> source.wrong(TIMEOUT.length(),
                    "not a time such as 5s or 200ms: " + span));
            return true;
        }
        if (row.startsWith(WITH)) {
            header.variants.add(new LineParser(source).variant(WITH.length()));
            return true;
        }
        final Matcher almost = ALMOST_HEADER.matcher(row);
        if (!row.startsWith(UNLESS) && almost.matches()) {
            throw source.wrong(0, "not a comment like others? It has to begin with `# " + almost.group(1) + ": `");
        }
        return false;
    }

    private static void parseLine(final Source source, final Lines lines) {
        final String row = source.text();
        final Matcher unfinished = UNFINISHED.matcher(row);
        final Matcher resumed = RESUMED.matcher(row);
        if (row.startsWith(UNLESS)) {
            lines.steps.add(new Step(Step.Kind.CALL, new LineParser(source).line(UNLESS.length(), true)));
        } else if (resumed.matches()) {
            parseResumed(source, resumed, lines);
        } else if (!new LineParser(source).blank()) {
            final String label = new LineParser(source).label();
            if (lines.ended.containsKey(label)) {
                throw source.wrong(0, label + " has ended in line " + lines.ended.get(label));
            }
            if (new LineParser(source).isEndOfProcess()) {
                parseEnd(source, label, lines);
                return;
            }
            final Begun before = lines.begun.get(label);
            if (before != null) {
                throw source.wrong(0, (lines.started.containsKey(label) ? "this process"
                        : "this thread") + " is in the call of line " + before.number);
            }
            if (!lines.started.containsKey(label)) {
                lines.threads.putIfAbsent(label, source.number());
            }
            if (unfinished.matches()) {
                lines.begun.put(label, new Begun(lines.steps.size(), source.number(), unfinished.group(1)));
                lines.steps.add(null);
            } else {
                parseCall(new LineParser(source).line(0, false), lines);
            }
        }
    }

    private static void parseResumed(final Source source, final Matcher resumed, final Lines lines) {
        final Begun first = lines.begun.remove(resumed.group(1) == null ? "" : resumed.group(1));
        if (first == null) {
            throw source.wrong(0, "nothing of this thread is unfinished" + lines.begun.entrySet().stream().findAny()
                    .map(call -> "; of " + (call.getKey().isEmpty() ? "the one without a label" : call.getKey())
                            + " it is line " + call.getValue().number).orElse(""));
        }
        final CallLine line = new LineParser(new Source(source.file(), first.number, first.text + resumed.group(3),
                first.text.length(), source.number(), source.text(), resumed.start(3))).line(0, false);
        if (!line.call().equals(resumed.group(2))) {
            throw source.wrong(resumed.start(2), "unfinished is " + line.call() + ", in line "
                    + first.number);
        }
        requireCall(line);
        lines.steps.set(first.step, new Step(Step.Kind.BEGIN, line));
        lines.steps.add(new Step(Step.Kind.FINISH, line));
    }

    private static void parseCall(final CallLine line, final Lines lines) {
        if (!line.call().equals(ProcessActor.CALL)) {
            lines.steps.add(new Step(Step.Kind.CALL, line));
            return;
        }
        if (!line.label().isEmpty()) {
            throw line.wrong(0, "a process is started by `" + line.target() + " = spawn()`, and by nobody else than the"
                    + " script itself");
        }
        if (!line.arguments().isEmpty()) {
            throw line.wrong(line.arguments().getFirst().at(), "spawn takes nothing: a process has those descriptors"
                    + " that are not close-on-exec");
        }
        final Integer thread = lines.threads.get(line.target());
        if (thread != null) {
            throw line.wrong(0, line.target() + " is a thread, since line " + thread);
        }
        final Integer started = lines.started.putIfAbsent(line.target(), line.source().number());
        if (started != null) {
            throw line.wrong(0, line.target() + " is a process, since line " + started);
        }
        lines.steps.add(new Step(Step.Kind.SPAWN, line));
    }

    private static void parseEnd(final Source source, final String label, final Lines lines) {
        final CallLine line = new LineParser(source).endOfProcess();
        if (!lines.started.containsKey(label)) {
            throw line.wrong(0, label.isEmpty() ? "of which process? `CHILD: +++ ...`"
                    : "no process is called " + label);
        }
        final Begun last = lines.begun.remove(label);
        if (last != null) {
            if (line.call().equals(LineParser.EXITED)) {
                throw line.wrong(line.callAt(), label + " is in the call of line " + last.number
                        + ", and can only be killed in it");
            }
            final int split = last.text.length();
            final CallLine cut = new LineParser(new Source(source.file(), last.number, last.text + ")", split,
                    last.number, last.text, split)).lineCutShort();
            requireCall(cut);
            lines.steps.set(last.step, new Step(Step.Kind.BEGIN_LAST, cut));
        }
        lines.ended.put(label, source.number());
        lines.steps.add(new Step(Step.Kind.END, line));
    }

    private static void requireCall(final CallLine line) {
        if (line.call().equals(Await.CALL) || line.call().equals(ProcessActor.CALL)) {
            throw line.wrong(line.callAt(), line.call() + " is no call that blocks, and is written in"
                    + " one part");
        }
    }

    /// Reads a time as scripts have it.
    ///
    /// @param text `5s`, `200ms`
    /// @return the time, or nothing if it is none
    public static Optional<Duration> duration(final String text) {
        final Matcher matcher = DURATION.matcher(text);
        return matcher.matches()
                ? Optional.of(matcher.group(2).equals("s") ? Duration.ofSeconds(Long.parseLong(matcher.group(1)))
                        : Duration.ofNanos(TimeUnit.MILLISECONDS.toNanos(Long.parseLong(matcher.group(1)))))
                : Optional.empty();
    }

    /// What its messages call it.
    ///
    /// @return mostly its path
    public String name() {
        return name;
    }

    /// What holds if it passes.
    ///
    /// @return the first line
    public String claim() {
        return claim;
    }

    String text() {
        return text;
    }

    /// The known cases that it covers.
    ///
    /// @return their ids, of which there may be none
    public List<String> cases() {
        return cases;
    }

    /// What can be run: one for each line `# with:`, or a single one.
    ///
    /// @return at least one
    public List<Variant> variants() {
        return variants.stream().map(names -> new Variant(this, names)).toList();
    }

    List<Step> steps() {
        return steps;
    }

    @Override
    public String toString() {
        return name + ": " + claim;
    }

    /// A script with the names that one of its runs begins with.
    public static final class Variant {
        private final Script script;
        private final Map<String, Value> names;

        private Variant(final Script script, final Map<String, Value> names) {
            this.script = script;
            this.names = names;
        }

        /// Whose it is.
        ///
        /// @return the script
        public Script script() {
            return script;
        }

        Map<String, Value> names() {
            return names;
        }

        /// Which of [#variants] it is.
        int index() {
            return script.variants.indexOf(names);
        }

        /// Runs it against the kernel of this machine, within [#DEFAULT_TIMEOUT] or the script's own.
        ///
        /// @return how it went
        /// @throws ScriptException if the script asks for what is not done
        /// @throws IOException if its directory cannot be made or removed
        /// @throws InterruptedException if the thread is interrupted while it waits for the script's
        public ScriptResult run() throws IOException, InterruptedException {
            return run(DEFAULT_TIMEOUT, false);
        }

        /// Runs it against the kernel of this machine.
        ///
        /// @param timeout for a script that has no line `# timeout:`; more than 146 years is taken for that
        /// @param rawCheck whether to compare the calls made with those written: [ScriptResult#rawDifferences]. This
        /// goes through the seam of [Libc][io.github.fdsock.sys.Libc] in front of whatever is there already; take away
        /// last what was put there first.
        /// @return how it went
        /// @throws ScriptException if the script asks for what is not done
        /// @throws IOException if its directory cannot be made or removed
        /// @throws InterruptedException if the thread is interrupted while it waits for the script's
        public ScriptResult run(final Duration timeout, final boolean rawCheck)
                throws IOException, InterruptedException {
            final Duration limit = script.timeout == null ? timeout : script.timeout;
            return new ScriptRun(this, limit.compareTo(LONGEST) > 0 ? LONGEST : limit, rawCheck).run();
        }

        /// The names as the script has them.
        ///
        /// @return `TYPE=SOCK_STREAM`, or nothing if there are none
        @Override
        public String toString() {
            final StringBuilder text = new StringBuilder();
            names.forEach((name, value) ->
                    text.append(text.isEmpty() ? "" : ", ").append(name).append('=').append(value));
            return text.toString();
        }
    }
}
