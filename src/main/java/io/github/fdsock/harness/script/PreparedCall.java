package io.github.fdsock.harness.script;

import io.github.fdsock.harness.script.CallLine.Result;
import io.github.fdsock.harness.script.Memory.Buffer;
import io.github.fdsock.harness.script.Signature.Parameter;
import io.github.fdsock.harness.script.Signature.Use;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.struct.EpollEvents;
import io.github.fdsock.sys.struct.Mmsghdr;
import io.github.fdsock.sys.struct.Msghdr;
import io.github.fdsock.sys.struct.Sigset;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.function.Supplier;

/// A line with its arguments in memory: ready to be made, and to be compared afterwards.
///
/// Of one thread, except that [#line], [#call] and [#arguments] do not change.
final class PreparedCall {
    private static final long MSG_LEN = Msghdr.SIZEOF;

    private final CallLine line;
    private final Names names;
    private final Literals literals;
    private final Arena arena;
    private final Belongings belongings;

    /// The descriptors that it has made.
    private final Set<Integer> made = new HashSet<>();

    private final Signature signature;
    private final List<Ready> ready = new ArrayList<>();
    private final Object[] arguments;

    /// The length that goes in and out by a pointer; no call has two.
    private MemorySegment length;

    /// An argument made ready for the call.
    ///
    /// @param adopt keeps track of the descriptors that the call has made, before anything is compared
    private record Ready(Object passed, Check check, Check adopt) {
        static final Check NOTHING = _ -> { };

        Ready(final Object passed) {
            this(passed, NOTHING, NOTHING);
        }

        Ready(final Object passed, final Check check) {
            this(passed, check, NOTHING);
        }
    }

    private interface Check {
        /// @param result what the call returned
        void after(long result);
    }

    /// Lays out the arguments.
    ///
    /// @throws ScriptException if they are none for this call, or the call is not to be made
    PreparedCall(final CallLine line, final Names names, final Arena arena, final Belongings belongings) {
        this.line = line;
        this.names = names;
        this.literals = new Literals(names);
        this.arena = arena;
        this.belongings = belongings;
        this.signature = at(line.callAt(), () -> Signature.of(line.call()));
        final List<Parameter> parameters = signature.parameters();
        if (parameters.size() != line.arguments().size()) {
            throw line.wrong(line.callAt(), line.call() + " takes " + parameters.size()
                    + " arguments, here are " + line.arguments().size());
        }
        for (int i = 0; i < parameters.size(); i++) {
            final int index = i;
            ready.add(at(line.arguments().get(i).at(), () -> prepare(parameters.get(index), index)));
        }
        arguments = ready.stream().map(Ready::passed).toArray();
        at(line.callAt(), () -> {
            Guard.require(signature.call(), arguments, belongings);
            return null;
        });
    }

    CallLine line() {
        return line;
    }

    Call call() {
        return signature.call();
    }

    Object[] arguments() {
        return arguments;
    }

    // ---- the call

    /// Makes the call, and takes charge of the descriptors that come of it.
    ///
    /// @throws ScriptException if it is refused before it is made
    long make() {
        final long result;
        try {
            result = Interposer.proceed(signature.call(), arguments.clone());
        } catch (final IllegalArgumentException | IndexOutOfBoundsException e) {
            throw line.wrong(line.callAt(), e.getMessage());
        }
        ready.forEach(argument -> argument.adopt.after(result));
        keepTrack(result);
        return result;
    }

    private void adopt(final int fd) {
        belongings.add(fd);
        made.add(fd);
    }

    private void keepTrack(final long result) {
        final boolean duplicates = signature.call() == Call.fcntl && ((int) arguments[1] == Constants.F_DUPFD
                || (int) arguments[1] == Constants.F_DUPFD_CLOEXEC);
        if (line.target() != null && !signature.makesDescriptor() && !duplicates) {
            throw line.wrong(0, line.call() + " makes no descriptor; a number is taken by `= ?"
                    + line.target() + "`");
        }
        if (result < 0) {
            return;
        }
        if (signature.makesDescriptor() || duplicates) {
            adopt((int) result);
        }
        switch (signature.call()) {
            case close -> belongings.closed((int) arguments[0], (int) arguments[0]);
            case close_range -> {
                if ((int) arguments[2] == 0) {
                    belongings.closed((int) arguments[0], (int) arguments[1]);
                }
            }
            default -> { }
        }
    }

    // ---- what came of it

    /// Whether the result is one of those that the line has.
    boolean matches(final long result) {
        return line.results().stream().anyMatch(alternative -> at(line.resultAt(), () -> matches(alternative, result)));
    }

    private boolean matches(final Result expected, final long result) {
        if (expected.failure()) {
            return expected.errnos().stream().map(Value.Name::new).anyMatch(errno -> names.number(errno) == -result);
        }
        if (result < 0) {
            return expected.value() instanceof Value.Any;
        }
        return names.matches(expected.value(), result);
    }

    /// Compares everything that came with what the line expects, and takes what it wants to be taken.
    ///
    /// @throws ScriptException if what the line says makes no sense
    LineDiff compare(final long result) {
        final LineDiff diff = new LineDiff(line);
        final int before = names.taken();
        if (line.target() != null) {
            if (result < 0) {
                diff.insert(line.end(), "a descriptor", " = " + describe(result), describe(result));
            } else {
                at(0, () -> {
                    names.take(line.target(), new Value.Number(result));
                    return null;
                });
            }
        } else if (!matches(result)) {
            diff.replace(line.resultAt(), line.end(), describe(line.results()), describe(result),
                    describe(result) + badPointer(result));
        }
        for (int i = 0; i < ready.size(); i++) {
            final Ready argument = ready.get(i);
            final CallLine.Argument written = line.arguments().get(i);
            at(written.at(), () -> {
                try {
                    argument.check.after(result);
                } catch (final Mismatch mismatch) {
                    diff.replace(mismatch.within(written.value(), mismatch.actual()));
                }
                return null;
            });
        }
        names.markDescriptors(before, made);
        return diff;
    }

    /// Where a call complains of one that is perhaps none on purpose.
    private String badPointer(final long result) {
        for (int i = 0; result == -Constants.EFAULT && i < arguments.length; i++) {
            if (arguments[i] == Memory.bad()) {
                final Value number = line.arguments().get(i).value();
                return ": " + number + " is a bad pointer, `[" + number + "]` one to an int";
            }
        }
        return "";
    }

    private String describe(final List<Result> results) {
        return String.join(" or ", results.stream().map(result -> result.failure() ? result.toString()
                : names.describe(result.value())).toList());
    }

    static String describe(final long result) {
        return result >= 0 ? Long.toString(result) : "-1 " + Errno.describe((int) -result);
    }

    /// What goes wrong inside becomes an error at this place of the script.
    private <T> T at(final int position, final Supplier<T> step) {
        try {
            return step.get();
        } catch (final ScriptException e) {
            throw e;
        } catch (final IllegalArgumentException | IndexOutOfBoundsException e) {
            throw line.wrong(position, e.getMessage());
        }
    }

    // ---- arguments

    private Ready prepare(final Parameter parameter, final int index) {
        final Value written = line.arguments().get(index).value();
        if (signature.call() == Call.pidfd_getfd && index == 1) {
            return new Ready(narrow(names.numberAnywhere(written)));
        }
        final Value value = names.resolve(written);
        final Use use = parameter.use();
        if (use == Use.INT) {
            return new Ready(integer(value));
        }
        if (use == Use.LONG || signature.call() == Call.ioctl && isNumber(value)) {
            return new Ready(wide(value));
        }
        if (isAddress(value)) {
            if ((use == Use.LENGTH || use == Use.STRING) && !(value instanceof Value.Null)) {
                throw new IllegalArgumentException("the library itself reads " + (use == Use.LENGTH
                        ? "a length, which no bad pointer leads to; `[" + value + "]` points to one"
                        : "a string, which no bad pointer leads to"));
            }
            return new Ready(address(value));
        }
        return switch (use) {
            case INT, LONG -> throw new IllegalStateException("treated above");
            case IN -> new Ready(Memory.copied(arena, literals.encode(value)));
            case STRING -> {
                final byte[] text = literals.encode(value);
                yield new Ready(Memory.copied(arena, Arrays.copyOf(text, text.length + 1)));
            }
            case BYTES -> written(value, index, number(parameter.number()), 1);
            case EVENTS -> written(value, index, number(parameter.number()) * EpollEvents.SIZEOF, EpollEvents.SIZEOF);
            case NAME -> name(value, index, parameter.number());
            case LENGTH -> length(value);
            case OUT -> fixed(value, index, parameter.number());
            case DESCRIPTORS -> descriptors(value, index);
            case IN_OUT -> inOut(value);
            case SIGNALS -> new Ready(signals(value));
            case IOV_IN, IOV_OUT -> {
                final MessageArgument message = new MessageArgument(names, literals, arena, use == Use.IOV_OUT);
                yield new Ready(message.layOutVector(value), message::checkVector);
            }
            case MSG_IN, MSG_OUT -> {
                final MessageArgument message = new MessageArgument(names, literals, arena, use == Use.MSG_OUT);
                final MemorySegment header = Msghdr.allocate(arena).segment();
                message.layOut(struct(value), header);
                yield new Ready(header, message::check, result -> message.descriptors(result, this::adopt));
            }
            case MMSG_IN, MMSG_OUT -> messages(value, use == Use.MMSG_OUT);
        };
    }

    private static boolean isNumber(final Value value) {
        return value instanceof Value.Number || value instanceof Value.Name || value instanceof Value.Flags;
    }

    private int integer(final Value value) {
        return narrow(wide(value));
    }

    private static int narrow(final long number) {
        if (number != (int) number && number >>> Integer.SIZE != 0) {
            throw new IllegalArgumentException(number + " is no int");
        }
        return (int) number;
    }

    private long wide(final Value value) {
        if (!(value instanceof Value.Any)) {
            return names.number(value);
        }
        if (ready.isEmpty() || !(ready.getLast().passed instanceof MemorySegment segment)) {
            throw new IllegalArgumentException("`...` is a length only behind what has one");
        }
        return segment.byteSize();
    }

    private Ready written(final Value expected, final int index, final long capacity, final int unit) {
        final Buffer buffer = new Buffer(arena, Math.max(capacity, 0));
        return new Ready(buffer.segment(), result -> {
            if (succeeded(expected, result)) {
                compare(literals, as(expected, index), buffer, result * unit);
            }
        });
    }

    private Ready name(final Value expected, final int index, final int lengthIndex) {
        final Value.Array box = lengthBox(line.arguments().get(lengthIndex).value());
        final Buffer buffer = new Buffer(arena,
                box == null ? Memory.SOCKADDR_STORAGE : Integer.toUnsignedLong(lengthBefore(box)));
        return new Ready(buffer.segment(), result -> {
            if (succeeded(expected, result) && box != null) {
                compare(literals, as(expected, index), buffer, length.get(ValueLayout.JAVA_INT, 0));
            }
        });
    }

    private Ready length(final Value value) {
        final Value.Array box = lengthBox(value);
        if (box == null) {
            throw new IllegalArgumentException("not a length in brackets: " + value);
        }
        length = arena.allocateFrom(ValueLayout.JAVA_INT, lengthBefore(box));
        final Value inner = box.elements().getFirst();
        return new Ready(length, _ -> names.match(inner instanceof Value.Change(_, Value after) ? after : inner,
                length.get(ValueLayout.JAVA_INT, 0), Integer.BYTES));
    }

    private static Value.Array lengthBox(final Value value) {
        return value instanceof Value.Array array && array.elements().size() == 1 ? array : null;
    }

    private int lengthBefore(final Value.Array box) {
        return integer(box.elements().getFirst() instanceof Value.Change(Value before, _)
                ? before : box.elements().getFirst());
    }

    private Ready fixed(final Value value, final int index, final int size) {
        final Buffer buffer = new Buffer(arena, size);
        if (value instanceof Value.Change(Value before, _)) {
            buffer.fill(literals.encode(before));
        }
        final Value expected = value instanceof Value.Change(_, Value after) ? after : value;
        return new Ready(buffer.segment(), result -> {
            if (succeeded(expected, result)) {
                compare(literals, as(expected, index), buffer, size);
            }
        });
    }

    private Ready descriptors(final Value value, final int index) {
        final Buffer buffer = new Buffer(arena, 2 * Integer.BYTES);
        return new Ready(buffer.segment(), result -> {
            if (succeeded(value, result)) {
                compare(literals, as(value, index), buffer, 2 * Integer.BYTES);
            }
        }, result -> {
            if (result >= 0) {
                adopt(buffer.segment().get(ValueLayout.JAVA_INT, 0));
                adopt(buffer.segment().get(ValueLayout.JAVA_INT, Integer.BYTES));
            }
        });
    }

    /// Without `=>` it has to come back as it went in.
    private Ready inOut(final Value value) {
        final byte[] before = literals.encode(value instanceof Value.Change(Value first, _) ? first : value);
        final Value expected = value instanceof Value.Change(_, Value second) ? second : new Value.Found(before);
        final Buffer buffer = new Buffer(arena, before.length);
        buffer.fill(before);
        return new Ready(buffer.segment(), result -> {
            if (result >= 0) {
                compare(literals, expected, buffer, before.length);
            }
        });
    }

    private MemorySegment signals(final Value value) {
        if (!(value instanceof Value.Array(List<Value> signals))) {
            throw new IllegalArgumentException("not signals in brackets: " + value);
        }
        final Sigset set = Sigset.allocate(arena);
        signals.forEach(signal -> set.add(Guard.signal(names.number(signal))));
        return set.segment();
    }

    private Ready messages(final Value value, final boolean receiving) {
        if (!(value instanceof Value.Array(List<Value> elements))) {
            throw new IllegalArgumentException("not messages in brackets: " + value);
        }
        final MemorySegment vector = Memory.allocate(arena, (long) Mmsghdr.SIZEOF * elements.size());
        final List<Check> checks = new ArrayList<>();
        final List<Check> adoptions = new ArrayList<>();
        for (int i = 0; i < elements.size(); i++) {
            final Value.Struct element = struct(elements.get(i));
            final MemorySegment header = vector.asSlice((long) i * Mmsghdr.SIZEOF, Mmsghdr.SIZEOF);
            final MessageArgument message = new MessageArgument(names, literals, arena, receiving);
            message.layOut(struct(element.fields().get("msg_hdr")), header);
            final Value msgLen = element.fields().getOrDefault("msg_len", new Value.Number(0));
            final int index = i;
            checks.add(result -> {
                final int actual = header.get(ValueLayout.JAVA_INT, MSG_LEN);
                try {
                    names.match(msgLen, actual, Integer.BYTES);
                } catch (final Mismatch mismatch) {
                    throw mismatch.in("msg_len");
                }
                message.check(index < result ? actual : -1);
            });
            adoptions.add(result -> message.descriptors(index < result ? 0 : -1, this::adopt));
        }
        return new Ready(vector, result -> checks.forEach(check -> check.after(result)),
                result -> adoptions.forEach(adoption -> adoption.after(result)));
    }

    private long number(final int argument) {
        return names.number(line.arguments().get(argument).value());
    }

    /// As it is written in the line, where that is a mere name for it: there the difference is to be shown.
    private Value as(final Value expected, final int index) {
        final Value written = line.arguments().get(index).value();
        return written instanceof Value.Name ? written : expected;
    }

    private static Value.Struct struct(final Value value) {
        if (value instanceof Value.Struct struct) {
            return struct;
        }
        throw new IllegalArgumentException("not a structure: " + value);
    }

    /// Whether there is something to compare. A failed call gives nothing back, so a script must not pretend that
    /// something is compared then.
    private boolean succeeded(final Value expected, final long result) {
        final boolean never = line.results().stream().allMatch(Result::failure) && line.target() == null;
        if (never && !(expected instanceof Value.Any)) {
            throw new IllegalArgumentException("a call that fails gives nothing to compare with " + expected
                    + "; write `...`");
        }
        return result >= 0;
    }

    // ---- memory

    static boolean isAddress(final Value value) {
        return value instanceof Value.Null || value instanceof Value.Number;
    }

    /// `NULL`, or a bare number: a bad address.
    static MemorySegment address(final Value value) {
        return switch (value) {
            case Value.Null _ -> MemorySegment.NULL;
            case Value.Number(long number) -> number == 0 ? MemorySegment.NULL : Memory.bad();
            default -> throw new IllegalArgumentException("not a pointer: " + value);
        };
    }

    static void compare(final Literals literals, final Value expected, final Buffer buffer, final long written) {
        if (literals.resolve(expected) instanceof Value.Form(String form, _) && form.equals("untouched")) {
            buffer.written(expected, 0);
        } else {
            literals.match(expected, buffer.written(expected, written));
        }
    }
}
