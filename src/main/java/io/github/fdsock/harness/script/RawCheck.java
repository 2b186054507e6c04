package io.github.fdsock.harness.script;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.Interposer;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Collectors;

/// What a script's threads really called, against what its lines say: stands in the seam, in front of what was there
/// before, or behind what came later.
///
/// Between two marks the calls of a thread belong to the line that it is in.
final class RawCheck implements Interposer {
    private final ThreadLocal<List<Made>> under = new ThreadLocal<>();
    private volatile Interposer before;

    /// A call that was made.
    record Made(Call call, Object[] arguments, long result) {
        @Override
        public String toString() {
            return Arrays.stream(arguments).map(Made::describe).collect(Collectors.joining(", ", call + "(", ") = "))
                    + (result >= 0 ? Long.toString(result) : "-1 " + Errno.name((int) -result));
        }

        private static String describe(final Object argument) {
            return !(argument instanceof MemorySegment segment) ? argument.toString()
                    : segment.address() == 0 ? "NULL" : "0x" + Long.toHexString(segment.address());
        }

        boolean is(final PreparedCall written) {
            return call == written.call() && Arrays.equals(arguments, written.arguments());
        }
    }

    static RawCheck install() {
        final RawCheck check = new RawCheck();
        check.before = Interposer.install(check);
        return check;
    }

    void uninstall() {
        Interposer.install(before);
    }

    @Override
    public long call(final Call call, final Object... arguments) {
        final Object[] seen = arguments.clone();
        final Interposer next = before;
        final long result = next == null ? Interposer.proceed(call, arguments) : next.call(call, arguments);
        final List<Made> calls = under.get();
        if (calls != null) {
            calls.add(new Made(call, seen, result));
        }
        return result;
    }

    /// The calls of this thread from here on are those of a line.
    void begin() {
        under.set(new ArrayList<>());
    }

    /// The calls of this thread since it began.
    List<Made> end() {
        final List<Made> calls = under.get();
        under.remove();
        return calls;
    }

    /// What of these is not the one call that is written.
    ///
    /// @param written the call of the line; null where it has none of its own
    static List<String> differences(final CallLine line, final PreparedCall written, final List<Made> calls) {
        final List<String> differences = new ArrayList<>();
        boolean made = written == null;
        for (final Made call : calls) {
            if (!made && call.is(written)) {
                made = true;
            } else {
                differences.add(line.place(line.callAt()) + ": made " + call);
            }
        }
        if (!made) {
            differences.add(line.place(line.callAt()) + ": not made as it is written: " + line.text());
        }
        return differences;
    }
}
