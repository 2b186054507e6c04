package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.EPOLL_CTL_ADD;
import static io.github.fdsock.sys.Constants.EPOLL_CTL_DEL;
import static io.github.fdsock.sys.Constants.EPOLL_CTL_MOD;
import static io.github.fdsock.sys.Constants.SOL_SOCKET;
import static io.github.fdsock.sys.Constants.SO_TYPE;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.time.Duration;
import java.util.EnumSet;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;

/// What shall happen to which calls: an expression of `strace -e inject=`, and some that strace has no words for.
///
/// ```text
/// accept4:error=EMFILE:when=1..3       the first three fail
/// read,readv:error=EINTR:when=2+2      every second one
/// /^send:short=1                       one byte at a time, really sent
/// close:error=EIO:after                closed, though the caller is told that it went wrong
/// connect:error=ECONNREFUSED:addr=tcp:127.0.0.1:7000
/// write:error=ENOSPC:len>4096:chance=0.1:seed=42
/// recvmsg:error=EINTR:when=1:per=fd    once on each descriptor
/// %network:delay_enter=2ms
/// ```
///
/// The same in Java: `FaultRule.on(Call.accept4).error(EMFILE).when(1, 3)`. Rules are immutable values; each method
/// returns another one. Two are equal that say the same, however it was written.
///
/// **Grammar.**
///
/// ```text
/// rule      = set { ":" option }
/// set       = [ "!" ] item { "," item }
/// item      = CALL | "all" | "/" REGEX | "%network" | "%net" | "%desc" | "%file" | "%memory" | "%signal" | "%clock"
/// option    = effect | condition | "when=" FIRST [ ".." LAST ] [ "+" [ STEP ] ] | "per=fd"
///           | "chance=" FRACTION | "seed=" NUMBER
/// effect    = "error=" ( ERRNO | NUMBER ) | "retval=" NUMBER | "after" | "short=" BYTES
///           | "signal=" ( SIGNAL | NUMBER ) | "delay_enter=" TIME | "delay_exit=" TIME
/// condition = "fd=" NUMBER | "addr=" ENDPOINT | "len" ( "=" | "<" | "<=" | ">" | ">=" ) BYTES
///           | "op=" ( "ADD" | "MOD" | "DEL" )
/// TIME      = DECIMAL [ "s" | "ms" | "us" | "ns" ]        microseconds where nothing is said
/// ```
///
/// A `CALL` is one of [Call]; a `REGEX`, which ends before a comma or colon, is found anywhere in its name. An address
/// ends before a colon that one of the options follows; a path with such a thing in it has `\x3a` there. Each option is
/// there once, but for `len`, of which all have to be true, and `when`, of which the last counts.
///
/// **Effects.** Without `after`, `error` and `retval` answer in the kernel's place, and the call is not made: `close`
/// then leaves the descriptor open. With it the call is made and its result, good or bad, is replaced; a descriptor or
/// mapping that it has made is closed or unmapped again, since its caller will never know of it. `short` makes the call
/// with fewer bytes: it says less on a stream, and cuts off a datagram. `signal` is sent to the thread before the call,
/// which is then made unless something else is said: see [#signal]. Delays are of the calling thread, and an interrupt
/// does not end them.
///
/// **What is not possible is refused** or, where it is possible for some calls of the set, passes the others by:
/// `retval` of 0 and more where the caller would take it for a descriptor, mapping, process or list of its own; `after`
/// where what was made cannot be taken back (`recvmsg`, `recvmmsg`, `getaddrinfo`, `posix_spawn`, `posix_spawnp`);
/// `error` for `getaddrinfo` and `getnameinfo`, whose codes are other numbers (`retval=-3` is `EAI_AGAIN`), and for
/// `freeaddrinfo`; a `short` call that transfers nothing; a condition on something the call does not have.
///
/// **Conditions.** `fd`: the descriptor is among the arguments. `addr`: the call names this address or, where it names
/// none, its socket has it, or is connected to it; and the socket is of that type. `len`: bytes offered, of several
/// buffers all, of several messages the longest. `op`: of `epoll_ctl`.
///
/// **Counting.** `when` counts the calls that set, conditions and [Scope] match, in all threads together; with `per=fd`
/// those on each descriptor, anew when it was closed. `chance` is then asked of those that `when` includes; the n-th
/// call has the same luck whenever the seed is the same. A `short` rule matches only calls that offer more.
///
/// @see <a href="https://man7.org/linux/man-pages/man1/strace.1.html">strace(1), Tampering</a>
public final class FaultRule implements Cloneable {
    private static final int ERRNO_MAX = 4095;

    private static final Duration LONGEST_DELAY = Duration.ofNanos(Long.MAX_VALUE);

    private static final List<String> EPOLL_OPERATIONS = List.of("ADD", "DEL", "MOD");

    private final Set<Call> named;

    /// Those of `named` for which all that is said is possible.
    private Set<Call> calls;

    /// How the set was written; null where it was not.
    private final String set;

    // Each null where nothing is said of it.
    private Long answer;
    private boolean isError;
    private boolean after;
    private Long most;
    private Integer signal;
    private Duration delayEnter;
    private Duration delayExit;
    private Integer fd;
    private Endpoint address;
    private Integer operation;
    private Double chance;
    private Long seed;

    private boolean limited;
    private long shortest;
    private long longest = Long.MAX_VALUE;

    private Occurrences when = Occurrences.ALL;
    private boolean perDescriptor;

    FaultRule(final Set<Call> named, final String set) {
        this.named = named;
        this.calls = named;
        this.set = set;
    }

    /// Reads a rule.
    ///
    /// @param text as the class says
    /// @return the rule
    /// @throws FaultSyntaxException it is none: with the place, and what was expected there
    public static FaultRule of(final String text) {
        return new RuleParser(text).rule();
    }

    /// A rule for one or several calls, of which nothing is said yet.
    ///
    /// @param call the call
    /// @param others more of them
    /// @return the rule
    public static FaultRule on(final Call call, final Call... others) {
        return new FaultRule(EnumSet.of(call, others), null);
    }

    /// The ways in which a call fails: a rule for each errno of its man page, and of the pages of the protocols that
    /// this refers to, as [Sweep] injects them. Those that tell of something which has happened, as those of `close`,
    /// have `after`.
    ///
    /// @param call the call
    /// @return the rules; none for a call that has no errno
    public static List<FaultRule> documented(final Call call) {
        return DocumentedErrors.of(call);
    }

    // ---- effects

    /// `error=`: the call fails.
    ///
    /// @param errno such as `EMFILE`, 1 to 4095
    /// @return the rule
    /// @throws IllegalArgumentException another number; a result is there already; or not possible for these calls
    public FaultRule error(final int errno) {
        if (errno < 1 || errno > ERRNO_MAX) {
            throw new IllegalArgumentException("expected an errno from 1 to " + ERRNO_MAX + ", not " + errno);
        }
        final FaultRule rule = answering(-errno);
        rule.isError = true;
        return rule.checked();
    }

    /// `retval=`: the call seems to have succeeded.
    ///
    /// @param result what it returns, from -4095 on
    /// @return the rule
    /// @throws IllegalArgumentException another; a result is there already; or not possible for these calls
    public FaultRule retval(final long result) {
        if (result < -ERRNO_MAX) {
            throw new IllegalArgumentException("expected a result of -" + ERRNO_MAX + " or more, not " + result);
        }
        return answering(result).checked();
    }

    private FaultRule answering(final long result) {
        once(answer, "error= or retval=");
        if (most != null) {
            throw new IllegalArgumentException("short= has the kernel's result, and no other");
        }
        final FaultRule rule = copy();
        rule.answer = result;
        return rule;
    }

    /// `after`: the call is made, and then its result is replaced.
    ///
    /// @return the rule
    /// @throws IllegalArgumentException not possible for these calls
    public FaultRule after() {
        final FaultRule rule = copy();
        rule.after = true;
        return rule.checked();
    }

    /// `short=`: the call is made for no more than so many bytes, of each message where it is about several.
    ///
    /// @param bytes 1 or more: 0 would be an end that is not there
    /// @return the rule
    /// @throws IllegalArgumentException fewer; a result is there already; or not possible for these calls
    public FaultRule shortTo(final long bytes) {
        once(most, "short=");
        if (answer != null) {
            throw new IllegalArgumentException("short= has the kernel's result, and no other");
        }
        if (bytes < 1) {
            throw new IllegalArgumentException("expected 1 byte or more, not " + bytes);
        }
        final FaultRule rule = copy();
        rule.most = bytes;
        return rule.checked();
    }

    /// `signal=`: the calling thread gets a signal as it enters the call.
    ///
    /// `SIGKILL`, `SIGSTOP`, and those that HotSpot takes for faults of its own (`SIGSEGV`, `SIGBUS`, `SIGFPE`,
    /// `SIGILL`, `SIGTRAP`, `SIGABRT`) are refused. When the time has come the kernel is asked what the signal would
    /// do: where it is neither handled nor ignored nor blocked by the thread it is not sent, and the call throws an
    /// [IllegalStateException]. Mind that the JVM handles `SIGTERM`, `SIGINT` and `SIGHUP`: by its end, unless the
    /// program has a handler.
    ///
    /// The handler has run before the call is made, so that this interrupts nothing: `error=EINTR` is how an
    /// interrupted call looks.
    ///
    /// @param number `SIGUSR1`, …
    /// @return the rule
    /// @throws IllegalArgumentException one of those, or no signal
    public FaultRule signal(final int number) {
        once(signal, "signal=");
        final FaultRule rule = copy();
        rule.signal = Signals.requireSurvivable(number);
        return rule;
    }

    /// `delay_enter=`: the thread waits before the call.
    ///
    /// @param atLeast how long
    /// @return the rule
    /// @throws IllegalArgumentException nothing or less, or more than 292 years
    public FaultRule delayEnter(final Duration atLeast) {
        once(delayEnter, "delay_enter=");
        final FaultRule rule = copy();
        rule.delayEnter = requireDelay(atLeast);
        return rule;
    }

    /// `delay_exit=`: the thread waits after the call, before its caller learns the result.
    ///
    /// @param atLeast how long
    /// @return the rule
    /// @throws IllegalArgumentException nothing or less, or more than 292 years
    public FaultRule delayExit(final Duration atLeast) {
        once(delayExit, "delay_exit=");
        final FaultRule rule = copy();
        rule.delayExit = requireDelay(atLeast);
        return rule;
    }

    private static Duration requireDelay(final Duration delay) {
        if (!delay.isPositive() || delay.compareTo(LONGEST_DELAY) > 0) {
            throw new IllegalArgumentException("expected a time above 0 and up to " + LONGEST_DELAY + ", not " + delay);
        }
        return delay;
    }

    // ---- conditions

    /// `fd=`: only where this descriptor is among the arguments, whatever it is at that time. [Scope#descriptor] means
    /// one of its lives.
    ///
    /// @param number the descriptor
    /// @return the rule
    /// @throws IllegalArgumentException a negative one; or these calls have none
    public FaultRule fd(final int number) {
        once(fd, "fd=");
        if (number < 0) {
            throw new IllegalArgumentException("expected a file descriptor, not " + number);
        }
        final FaultRule rule = copy();
        rule.fd = number;
        return rule.checked();
    }

    /// `addr=`: only where the call is about this address.
    ///
    /// @param endpoint the address, and the type of the socket
    /// @return the rule
    /// @throws IllegalArgumentException these calls have none
    public FaultRule address(final Endpoint endpoint) {
        once(address, "addr=");
        final FaultRule rule = copy();
        rule.address = Objects.requireNonNull(endpoint, "endpoint");
        return rule.checked();
    }

    /// `len>=` and `len<=`: only where the call is about so many bytes.
    ///
    /// @param least so many or more
    /// @param most so many or fewer
    /// @return the rule, with this condition besides another on the length
    /// @throws IllegalArgumentException nothing is left; or these calls have no length
    public FaultRule length(final long least, final long most) {
        final FaultRule rule = copy();
        rule.limited = true;
        rule.shortest = Math.max(least, shortest);
        rule.longest = Math.min(most, longest);
        if (rule.shortest > rule.longest) {
            throw new IllegalArgumentException("expected a length that can be, not one from " + rule.shortest + " to "
                    + rule.longest);
        }
        return rule.checked();
    }

    /// `op=`: only this operation of `epoll_ctl`.
    ///
    /// @param op `EPOLL_CTL_ADD`, `EPOLL_CTL_MOD` or `EPOLL_CTL_DEL`
    /// @return the rule
    /// @throws IllegalArgumentException another; or these calls have none
    public FaultRule operation(final int op) {
        once(operation, "op=");
        if (op != EPOLL_CTL_ADD && op != EPOLL_CTL_MOD && op != EPOLL_CTL_DEL) {
            throw new IllegalArgumentException("expected an operation of epoll_ctl, not " + op);
        }
        final FaultRule rule = copy();
        rule.operation = op;
        return rule.checked();
    }

    /// The number of an operation: `ADD`, `MOD`, `DEL`, with or without `EPOLL_CTL_`.
    static int operation(final String name) {
        final int index = EPOLL_OPERATIONS.indexOf(name.startsWith("EPOLL_CTL_") ? name.substring(10) : name);
        if (index < 0) {
            throw new IllegalArgumentException("expected ADD, MOD or DEL, not \"" + name + '"');
        }
        return EPOLL_CTL_ADD + index;
    }

    // ---- how often

    /// `when=`: only this one of the calls that match.
    ///
    /// @param occurrence 1 for the first
    /// @return the rule
    /// @throws IllegalArgumentException less than 1
    public FaultRule when(final int occurrence) {
        return when(occurrence, occurrence, 1);
    }

    /// `when=first..last`: only these of the calls that match.
    ///
    /// @param first from 1
    /// @param last the last one; `Integer.MAX_VALUE` for no end
    /// @return the rule
    /// @throws IllegalArgumentException not 1 ≤ first ≤ last
    public FaultRule when(final int first, final int last) {
        return when(first, last, 1);
    }

    /// `when=first..last+step`: only each so-and-so-many-th of the calls that match.
    ///
    /// @param first from 1
    /// @param last the last one that it may be; `Integer.MAX_VALUE` for no end
    /// @param step from one to the next
    /// @return the rule
    /// @throws IllegalArgumentException not 1 ≤ first ≤ last, or a step below 1
    public FaultRule when(final int first, final int last, final int step) {
        return when(new Occurrences(first, last, step));
    }

    FaultRule when(final Occurrences occurrences) {
        final FaultRule rule = copy();
        rule.when = occurrences;
        return rule;
    }

    /// `per=fd`: counts the calls on each descriptor by themselves. With `when=1`, once per descriptor.
    ///
    /// @return the rule
    /// @throws IllegalArgumentException these calls are not on descriptors
    public FaultRule perDescriptor() {
        final FaultRule rule = copy();
        rule.perDescriptor = true;
        return rule.checked();
    }

    /// `chance=`: each time only with this probability.
    ///
    /// @param probability above 0 and up to 1
    /// @return the rule
    /// @throws IllegalArgumentException another
    public FaultRule chance(final double probability) {
        once(chance, "chance=");
        if (!(probability > 0 && probability <= 1)) {
            throw new IllegalArgumentException("expected a probability above 0 and up to 1, not " + probability);
        }
        final FaultRule rule = copy();
        rule.chance = probability;
        return rule;
    }

    /// `seed=`: what `chance` is drawn from. Where it is not said one is chosen, and told: [Faults#rules].
    ///
    /// @param number any
    /// @return the rule
    public FaultRule seed(final long number) {
        once(seed, "seed=");
        final FaultRule rule = copy();
        rule.seed = number;
        return rule;
    }

    // ---- what Faults asks

    /// This rule, if it says what shall happen.
    FaultRule complete() {
        if (after && answer == null) {
            throw new IllegalArgumentException("expected error= or retval= besides after");
        }
        if (answer == null && most == null && signal == null && delayEnter == null && delayExit == null) {
            throw new IllegalArgumentException(
                    "expected one of error=, retval=, short=, signal=, delay_enter=, delay_exit=");
        }
        if (seed != null && chance == null) {
            throw new IllegalArgumentException("expected chance= besides seed=");
        }
        return this;
    }

    boolean matches(final Call call, final Object... arguments) {
        return calls.contains(call)
                && (fd == null || Parameters.has(call, arguments, fd))
                && (operation == null || operation.equals(arguments[1]))
                && (!limited || isLimitedTo(Parameters.length(call, arguments)))
                && (answer == null || answer < 0 || !Made.by(call, arguments))
                && (most == null || Parameters.length(call, arguments) > most)
                && (address == null || isAbout(call, arguments));
    }

    private boolean isLimitedTo(final long length) {
        return length >= shortest && length <= longest;
    }

    private boolean isAbout(final Call call, final Object... arguments) {
        final int socket = (Integer) arguments[0];
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment name = arena.allocate(SockAddr.MAX_LENGTH, Long.BYTES);
            final MemorySegment length = arena.allocate(ValueLayout.JAVA_INT);
            length.set(ValueLayout.JAVA_INT, 0, Integer.BYTES);
            if (Libc.getsockopt(socket, SOL_SOCKET, SO_TYPE, name, length) < 0
                    || name.get(ValueLayout.JAVA_INT, 0) != address.type()) {
                return false;
            }
            final SockAddr said = Parameters.address(call, arguments);
            if (said != null) {
                return said.equals(address.address());
            }
            length.set(ValueLayout.JAVA_INT, 0, SockAddr.MAX_LENGTH);
            if (Libc.getpeername(socket, name, length) >= 0 && isAddress(name, length)) {
                return true;
            }
            length.set(ValueLayout.JAVA_INT, 0, SockAddr.MAX_LENGTH);
            return Libc.getsockname(socket, name, length) >= 0 && isAddress(name, length);
        }
    }

    private boolean isAddress(final MemorySegment name, final MemorySegment length) {
        return address.address().equals(SockAddr.decode(name, length.get(ValueLayout.JAVA_INT, 0)));
    }

    /// Whether the call that is the n-th to match is one of those that the rule is about.
    boolean includes(final long occurrence) {
        return when.include(occurrence) && (chance == null || luck(seed + occurrence) < chance);
    }

    /// From 0 to below 1, the same for the same number: the finalizer of SplitMix64.
    private static double luck(final long number) {
        long z = number * 0x9e3779b97f4a7c15L;
        z = (z ^ z >>> 30) * 0xbf58476d1ce4e5b9L;
        z = (z ^ z >>> 27) * 0x94d049bb133111ebL;
        return ((z ^ z >>> 31) >>> 11) * 0x1p-53;
    }

    boolean needsSeed() {
        return chance != null && seed == null;
    }

    boolean isPerDescriptor() {
        return perDescriptor;
    }

    /// Null where the result is the kernel's.
    Long answer() {
        return answer;
    }

    /// What calls fail with.
    ///
    /// @return the errno, positive; 0 where the rule has none
    public int errno() {
        return isError ? (int) -answer : 0;
    }

    boolean isAfter() {
        return after;
    }

    /// Null where all may be transferred.
    Long most() {
        return most;
    }

    /// Null for none.
    Integer signal() {
        return signal;
    }

    /// 0 for none.
    long enterNanos() {
        return delayEnter == null ? 0 : delayEnter.toNanos();
    }

    /// 0 for none.
    long exitNanos() {
        return delayExit == null ? 0 : delayExit.toNanos();
    }

    // ---- what is possible

    private static void once(final Object before, final String option) {
        if (before != null) {
            throw new IllegalArgumentException(option + " is there already");
        }
    }

    private FaultRule copy() {
        try {
            return (FaultRule) clone();
        } catch (final CloneNotSupportedException e) {
            throw new IllegalStateException("this class is Cloneable", e);
        }
    }

    /// This rule, for those of its calls for which it is possible, of which there has to be one.
    private FaultRule checked() {
        calls = EnumSet.noneOf(Call.class);
        for (final Call call : named) {
            if (refusal(call) == null) {
                calls.add(call);
            }
        }
        if (calls.isEmpty()) {
            final Call call = named.iterator().next();
            throw new IllegalArgumentException(call + " " + refusal(call));
        }
        return this;
    }

    /// Why what is said is not possible for a call; null where it is.
    private String refusal(final Call call) {
        if (isError && (call == Call.getaddrinfo || call == Call.getnameinfo || call == Call.freeaddrinfo)) {
            return "has no errno; retval= gives it one of its own codes";
        }
        if (answer != null && answer >= 0 && Made.always(call)) {
            return "gives its caller something to own, which retval=" + answer + " would make up";
        }
        // More than an int is an offset alone: no call transfers as much at once.
        if (answer != null && answer > Integer.MAX_VALUE && call != Call.lseek) {
            return "never returns as much as " + answer;
        }
        if (after && !Made.canBeTakenBack(call)) {
            return "makes what could not be taken back; without after it is not made";
        }
        if (most != null && !Parameters.transfers(call)) {
            return "transfers no bytes";
        }
        if ((fd != null || perDescriptor) && Parameters.descriptors(call).length == 0) {
            return "has no descriptor among its arguments";
        }
        if (address != null && !Parameters.isOfSocket(call)) {
            return "has no address, nor a socket that has one";
        }
        if (limited && !Parameters.hasLength(call)) {
            return "has no length";
        }
        return operation != null && call != Call.epoll_ctl ? "has no operation" : null;
    }

    // ---- as a value

    /// The text that [#of] makes this rule of.
    @Override
    public String toString() {
        return (set != null ? set : named.stream().map(Call::name).collect(Collectors.joining(","))) + options();
    }

    private String options() {
        final StringBuilder text = new StringBuilder();
        append(text, isError ? ":error=" : ":retval=", isError ? errorText() : answer);
        append(text, ":short=", most);
        if (after) {
            text.append(":after");
        }
        append(text, ":signal=", signal == null ? null : Signals.name(signal));
        append(text, ":delay_enter=", timeText(delayEnter));
        append(text, ":delay_exit=", timeText(delayExit));
        append(text, ":fd=", fd);
        append(text, ":addr=", address);
        if (limited && shortest == longest) {
            append(text, ":len=", shortest);
        } else if (limited) {
            append(text, ":len>=", shortest);
            append(text, ":len<=", longest == Long.MAX_VALUE ? null : longest);
        }
        append(text, ":op=", operation == null ? null : EPOLL_OPERATIONS.get(operation - EPOLL_CTL_ADD));
        append(text, ":when=", when.equals(Occurrences.ALL) ? null : when);
        if (perDescriptor) {
            text.append(":per=fd");
        }
        append(text, ":chance=", chance);
        append(text, ":seed=", seed);
        return text.toString();
    }

    private static void append(final StringBuilder text, final String option, final Object value) {
        if (value != null) {
            text.append(option).append(value);
        }
    }

    private String errorText() {
        final int errno = errno();
        return Errno.isKnown(errno) ? Errno.name(errno) : Integer.toString(errno);
    }

    private static String timeText(final Duration time) {
        if (time == null) {
            return null;
        }
        final long nanos = time.toNanos();
        return nanos % 1_000_000 == 0 ? nanos / 1_000_000 + "ms"
                : nanos % 1_000 == 0 ? nanos / 1_000 + "us" : nanos + "ns";
    }

    /// Whether this says of the other's calls what the other says, and may say it of more.
    boolean coversAllOf(final FaultRule other) {
        return named.containsAll(other.named) && options().equals(other.options());
    }

    /// Whether the other says the same of the same calls.
    @Override
    public boolean equals(final Object other) {
        return other instanceof FaultRule rule && named.equals(rule.named) && options().equals(rule.options());
    }

    @Override
    public int hashCode() {
        return Objects.hash(named, options());
    }

    /// The calls that a set means, as strace groups them.
    static Set<Call> group(final String name) {
        return switch (name.toLowerCase(Locale.ROOT)) {
            case "network", "net" -> EnumSet.range(Call.socket, Call.recvmmsg);
            case "desc" -> {
                final Set<Call> calls = EnumSet.range(Call.read, Call.sendfile);
                calls.addAll(EnumSet.of(Call.splice, Call.tee));
                calls.removeAll(EnumSet.of(Call.unlink, Call.chmod, Call.munmap));
                yield calls;
            }
            case "file" -> EnumSet.of(Call.open, Call.unlink, Call.chmod);
            case "memory" -> EnumSet.of(Call.mmap, Call.munmap);
            case "signal" -> EnumSet.of(Call.signalfd, Call.pidfd_send_signal, Call.kill, Call.raise,
                    Call.pthread_sigmask);
            case "clock" -> EnumSet.of(Call.clock_gettime);
            default -> null;
        };
    }
}
