package io.github.fdsock.calls;

import io.github.fdsock.abi.mmsghdr;
import io.github.fdsock.abi.msghdr;
import io.github.fdsock.calls.CallScript.Line;
import io.github.fdsock.calls.CallScript.Result;
import io.github.fdsock.calls.Signature.Parameter;
import io.github.fdsock.calls.Signature.Use;
import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.Errno;
import io.github.fdsock.sys.Libc;
import io.github.fdsock.sys.struct.EpollEvents;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
import java.lang.foreign.ValueLayout;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Method;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.NavigableSet;
import java.util.concurrent.ConcurrentSkipListSet;
import java.util.function.Supplier;
import java.util.stream.Stream;
import org.opentest4j.AssertionFailedError;
import org.opentest4j.TestAbortedException;

/// One run of a [CallScript] against [Libc].
///
/// It runs on a thread of its own, so that a signal mask it sets ends with it, and so that a call that blocks where it
/// should not fails the test with its line instead of holding it up for ever. What descriptors the script leaves open
/// are closed at its end, and so is its directory removed.
final class CallRun {
    private static final int SIGSET_SIZE = 128;
    private static final int SIZEOF_SOCKADDR_STORAGE = 128;

    /// An address at which no process has memory, yet user memory by its range: what C tests call a bad pointer has to
    /// have some length, or the library refuses it before the kernel can.
    private static final long BAD_POINTER_LENGTH = 1 << 20;

    private final CallScript script;
    private final Map<String, Value> variant;
    private final Duration limit;
    private final NavigableSet<Integer> open = new ConcurrentSkipListSet<>();

    /// The value-result lengths of all calls so far, that of the current one last; no call has two.
    private final List<MemorySegment> lengths = new ArrayList<>();

    private volatile Line current;
    private Scope scope;
    private SegmentAllocator allocator;

    /// An argument made ready for the call.
    ///
    /// @param adopt keeps track of the descriptors that the call has made, before anything is compared
    private record Ready(Object passed, Check check, Check adopt) {
        static final Check NOTHING_TO_CHECK = _ -> { };

        Ready(Object passed, Check check) {
            this(passed, check, NOTHING_TO_CHECK);
        }
    }

    private interface Check {
        /// @param result what the call returned
        void after(long result);
    }

    CallRun(CallScript script, Map<String, Value> variant, Duration limit) {
        this.script = script;
        this.variant = variant;
        this.limit = limit;
    }

    /// Runs all lines.
    ///
    /// @throws AssertionFailedError naming file, line and column of the first thing that is not as expected
    /// @throws TestAbortedException where the script says that it does not apply
    /// @throws ScriptException if the script is at fault
    void run() throws IOException, InterruptedException {
        Path directory = Files.createTempDirectory("calls");
        try {
            Throwable[] failure = new Throwable[1];
            Thread thread = Thread.ofPlatform().daemon().name(script.file()).start(() -> {
                try (Arena arena = Arena.ofConfined()) {
                    runLines(arena, directory);
                } catch (Throwable thrown) {
                    failure[0] = thrown;
                }
            });
            if (!thread.join(limit)) {
                Line line = current;
                open.forEach(fd -> Libc.shutdown(fd, Constants.SHUT_RDWR));
                thread.join(limit);
                throw new AssertionFailedError(line.place(line.callColumn()) + ": " + line.text()
                        + "\n  still in this call after " + limit.toMillis() + " ms");
            }
            switch (failure[0]) {
                case null -> { }
                case RuntimeException thrown -> throw thrown;
                case Error thrown -> throw thrown;
                default -> throw new IllegalStateException(failure[0]);
            }
        } finally {
            delete(directory);
        }
    }

    private static void delete(Path directory) throws IOException {
        try (Stream<Path> paths = Files.walk(directory)) {
            for (Path path : paths.sorted(Comparator.reverseOrder()).toList()) {
                Files.delete(path);
            }
        }
    }

    private void runLines(Arena arena, Path directory) throws IOException {
        Map<String, Value> names = new HashMap<>(variant);
        Path self = Path.of("/proc/self");
        names.put("pid", new Value.Number(ProcessHandle.current().pid()));
        names.put("uid", new Value.Number(((Number) Files.getAttribute(self, "unix:uid")).longValue()));
        names.put("gid", new Value.Number(((Number) Files.getAttribute(self, "unix:gid")).longValue()));
        scope = new Scope(names, directory.toString());
        allocator = arena;
        try {
            for (Line line : script.lines()) {
                current = line;
                if (line.unless()) {
                    skipWhere(line);
                } else {
                    run(line);
                }
            }
        } finally {
            for (int fd : open.descendingSet()) {
                Libc.close(fd);
            }
        }
    }

    private void skipWhere(Line line) {
        long result = make(line, new ArrayList<>());
        if (line.results().stream().anyMatch(condition -> matches(condition, result))) {
            throw new TestAbortedException(line.text() + " on this machine");
        }
    }

    private void run(Line line) {
        List<Ready> arguments = new ArrayList<>();
        long result = make(line, arguments);
        checkResult(line, result);
        for (int i = 0; i < arguments.size(); i++) {
            Check check = arguments.get(i).check;
            at(line, line.arguments().get(i).column(), () -> {
                check.after(result);
                return null;
            });
        }
    }

    /// Makes the call, and leaves in `ready` what it was made with.
    private long make(Line line, List<Ready> ready) {
        Signature signature = at(line, line.callColumn(), () -> Signature.of(line.call()));
        List<Parameter> parameters = signature.parameters();
        if (parameters.size() != line.arguments().size()) {
            throw new ScriptException(line.place(line.callColumn()), line.call() + " takes " + parameters.size()
                    + " arguments, here are " + line.arguments().size());
        }
        Value last = scope.resolve(line.arguments().getLast().value());
        boolean overloaded = line.call().equals("ioctl") || line.call().equals("fcntl");
        boolean lastIsPointer = overloaded ? !(last instanceof Value.Number || last instanceof Value.Name
                || last instanceof Value.Flags) : parameters.getLast().use() != Use.INT;
        Method method = at(line, line.callColumn(), () -> signature.method(lastIsPointer));

        for (int i = 0; i < parameters.size(); i++) {
            int index = i;
            Parameter parameter = overloaded && i == parameters.size() - 1 && !lastIsPointer
                    ? new Parameter(Use.INT, 0) : parameters.get(i);
            ready.add(at(line, line.arguments().get(i).column(),
                    () -> prepare(line, parameter, index, method.getParameterTypes()[index], ready)));
        }
        long result = call(line, method, ready);
        ready.forEach(argument -> argument.adopt.after(result));
        keepTrack(line, signature, result);
        return result;
    }

    private long call(Line line, Method method, List<Ready> arguments) {
        try {
            return ((Number) method.invoke(null, arguments.stream().map(Ready::passed).toArray())).longValue();
        } catch (InvocationTargetException e) {
            throw new ScriptException(line.place(line.callColumn()), line.text() + ": " + e.getCause());
        } catch (IllegalAccessException e) {
            throw new IllegalStateException(e);
        }
    }

    private void keepTrack(Line line, Signature signature, long result) {
        if (result < 0) {
            return;
        }
        boolean duplicates = line.call().equals("fcntl")
                && number(line, 1) == Constants.F_DUPFD | number(line, 1) == Constants.F_DUPFD_CLOEXEC;
        if (line.target() != null && !signature.makesDescriptor() && !duplicates) {
            throw new ScriptException(line.place(1), line.call() + " makes no descriptor; a number is taken by `= ?"
                    + line.target() + "`");
        }
        if (signature.makesDescriptor() || duplicates) {
            open.add((int) result);
        }
        switch (line.call()) {
            case "close" -> open.remove((int) number(line, 0));
            case "close_range" -> {
                if (number(line, 2) == 0) {
                    open.subSet((int) number(line, 0), true, (int) number(line, 1), true).clear();
                }
            }
            default -> { }
        }
    }

    private long number(Line line, int argument) {
        return scope.number(line.arguments().get(argument).value());
    }

    // ---- results

    private void checkResult(Line line, long result) {
        if (line.target() != null) {
            if (result < 0) {
                throw failed(line, line.callColumn(), new Mismatch("a descriptor", describe(result)));
            }
            at(line, 1, () -> {
                scope.take(line.target(), new Value.Number(result));
                return null;
            });
            return;
        }
        for (Result alternative : line.results()) {
            if (at(line, line.resultColumn(), () -> matches(alternative, result))) {
                return;
            }
        }
        throw failed(line, line.resultColumn(),
                new Mismatch(describe(line.results()), describe(result)));
    }

    private boolean matches(Result expected, long result) {
        if (expected.failure()) {
            return expected.errnos().stream().map(Value.Name::new).anyMatch(errno -> scope.number(errno) == -result);
        }
        if (result < 0) {
            return expected.value() instanceof Value.Any;
        }
        try {
            scope.matchNumber(expected.value(), result, Long.BYTES);
            return true;
        } catch (Mismatch _) {
            return false;
        }
    }

    private static String describe(List<Result> results) {
        return String.join(" or ", results.stream().map(Result::toString).toList());
    }

    private static String describe(long result) {
        return result >= 0 ? Long.toString(result) : "-1 " + Errno.describe((int) -result);
    }

    /// What goes wrong inside becomes an error at this place of the script.
    private static <T> T at(Line line, int column, Supplier<T> step) {
        try {
            return step.get();
        } catch (Mismatch mismatch) {
            throw failed(line, column, mismatch);
        } catch (ScriptException e) {
            throw e;
        } catch (IllegalArgumentException e) {
            throw new ScriptException(line.place(column), e.getMessage());
        }
    }

    private static AssertionFailedError failed(Line line, int column, Mismatch mismatch) {
        return new AssertionFailedError(line.place(column) + ": " + line.text() + "\n  expected "
                + mismatch.expected() + "\n  was      " + mismatch.actual(), mismatch.expected(), mismatch.actual());
    }

    // ---- arguments

    private Ready prepare(Line line, Parameter parameter, int index, Class<?> type, List<Ready> before) {
        Value value = scope.resolve(line.arguments().get(index).value());
        if (parameter.use() == Use.INT) {
            return new Ready(integer(value, type, before), Ready.NOTHING_TO_CHECK);
        }
        if (isAddress(value)) {
            if (parameter.use() == Use.LENGTH && !(value instanceof Value.Null)) {
                throw new IllegalArgumentException("the library itself reads a length: a bad pointer ends the JVM");
            }
            return new Ready(address(value, scope), Ready.NOTHING_TO_CHECK);
        }
        return switch (parameter.use()) {
            case INT -> throw new IllegalStateException("treated above");
            case IN -> new Ready(copied(allocator, scope.encode(value)), Ready.NOTHING_TO_CHECK);
            case STRING -> {
                byte[] text = scope.encode(value);
                yield new Ready(copied(allocator, Arrays.copyOf(text, text.length + 1)),
                        Ready.NOTHING_TO_CHECK);
            }
            case BYTES -> written(line, value, argument(line, parameter.number()), 1);
            case EVENTS -> written(line, value, argument(line, parameter.number()) * EpollEvents.SIZEOF,
                    EpollEvents.SIZEOF);
            case NAME -> name(line, value, parameter.number());
            case LENGTH -> length(value);
            case OUT -> fixed(line, value, parameter.number());
            case DESCRIPTORS -> descriptors(line, value);
            case IN_OUT -> inOut(value);
            case SIGNALS -> new Ready(signals(value), Ready.NOTHING_TO_CHECK);
            case IOV_IN, IOV_OUT -> {
                Message message = new Message(scope, allocator, parameter.use() == Use.IOV_OUT);
                yield new Ready(message.layOutVector(value), message::checkVector);
            }
            case MSG_IN, MSG_OUT -> {
                Message message = new Message(scope, allocator, parameter.use() == Use.MSG_OUT);
                MemorySegment header = allocator.allocate(msghdr.layout());
                message.layOut(struct(value), header);
                yield new Ready(header, message::check, result -> message.descriptors(result, open::add));
            }
            case MMSG_IN, MMSG_OUT -> messages(value, parameter.use() == Use.MMSG_OUT);
        };
    }

    private Object integer(Value value, Class<?> type, List<Ready> before) {
        if (value instanceof Value.Any) {
            if (before.isEmpty() || !(before.getLast().passed instanceof MemorySegment segment)) {
                throw new IllegalArgumentException("`...` is a length only behind what has one");
            }
            return type == int.class ? (Object) (int) segment.byteSize() : (Object) segment.byteSize();
        }
        long number = scope.number(value);
        if (type == long.class) {
            return number;
        }
        if (number != (int) number && number >>> Integer.SIZE != 0) {
            throw new IllegalArgumentException(number + " is no int");
        }
        return (int) number;
    }

    private Ready written(Line line, Value expected, long capacity, int unit) {
        Buffer buffer = new Buffer(allocator, capacity);
        return new Ready(buffer.segment(), result -> {
            if (succeeded(line, expected, result)) {
                compare(scope, expected, buffer, result * unit);
            }
        });
    }

    private Ready name(Line line, Value expected, int length) {
        Value.Array box = lengthBox(line.arguments().get(length).value());
        Buffer buffer = new Buffer(allocator,
                box == null ? SIZEOF_SOCKADDR_STORAGE : Integer.toUnsignedLong(lengthBefore(box)));
        return new Ready(buffer.segment(), result -> {
            if (succeeded(line, expected, result) && box != null) {
                compare(scope, expected, buffer, lengths.getLast().get(ValueLayout.JAVA_INT, 0));
            }
        });
    }

    private Ready length(Value value) {
        Value.Array box = lengthBox(value);
        if (box == null) {
            throw new IllegalArgumentException("not a length in brackets: " + value);
        }
        MemorySegment segment = allocator.allocateFrom(ValueLayout.JAVA_INT, lengthBefore(box));
        lengths.add(segment);
        Value inner = box.elements().getFirst();
        return new Ready(segment, result -> {
            int after = segment.get(ValueLayout.JAVA_INT, 0);
            if (inner instanceof Value.Change(_, Value expected)) {
                scope.matchNumber(expected, after, Integer.BYTES);
            } else {
                scope.matchNumber(inner, after, Integer.BYTES);
            }
        });
    }

    private static Value.Array lengthBox(Value value) {
        return value instanceof Value.Array array && array.elements().size() == 1 ? array : null;
    }

    private int lengthBefore(Value.Array box) {
        return (int) scope.number(box.elements().getFirst() instanceof Value.Change(Value before, _)
                ? before : box.elements().getFirst());
    }

    private Ready fixed(Line line, Value value, int size) {
        Buffer buffer = new Buffer(allocator, size);
        if (value instanceof Value.Change(Value before, _)) {
            buffer.fill(scope.encode(before));
        }
        Value expected = value instanceof Value.Change(_, Value after) ? after : value;
        return new Ready(buffer.segment(), result -> {
            if (succeeded(line, expected, result)) {
                compare(scope, expected, buffer, size);
            }
        });
    }

    private Ready descriptors(Line line, Value value) {
        Buffer buffer = new Buffer(allocator, 2 * Integer.BYTES);
        return new Ready(buffer.segment(), result -> {
            if (succeeded(line, value, result)) {
                compare(scope, value, buffer, 2 * Integer.BYTES);
            }
        }, result -> {
            if (result >= 0) {
                open.add(buffer.segment().get(ValueLayout.JAVA_INT, 0));
                open.add(buffer.segment().get(ValueLayout.JAVA_INT, Integer.BYTES));
            }
        });
    }

    /// Without `=>` it has to come back as it went in.
    private Ready inOut(Value value) {
        byte[] before = scope.encode(value instanceof Value.Change(Value first, _) ? first : value);
        Value expected = value instanceof Value.Change(_, Value second) ? second : new Value.Octets(before);
        Buffer buffer = new Buffer(allocator, before.length);
        buffer.fill(before);
        return new Ready(buffer.segment(), result -> {
            if (result >= 0) {
                compare(scope, expected, buffer, before.length);
            }
        });
    }

    private MemorySegment signals(Value value) {
        if (!(value instanceof Value.Array(List<Value> signals))) {
            throw new IllegalArgumentException("not signals in brackets: " + value);
        }
        MemorySegment set = allocator.allocate(SIGSET_SIZE, Long.BYTES);
        long bits = 0;
        for (Value signal : signals) {
            bits |= 1L << scope.number(signal) - 1;
        }
        set.set(ValueLayout.JAVA_LONG, 0, bits);
        return set;
    }

    private Ready messages(Value value, boolean receiving) {
        if (!(value instanceof Value.Array(List<Value> elements))) {
            throw new IllegalArgumentException("not messages in brackets: " + value);
        }
        long lengthAt = mmsghdr.layout().byteOffset(MemoryLayout.PathElement.groupElement("msg_len"));
        MemorySegment vector = allocator.allocate(mmsghdr.layout().byteSize() * elements.size(), Long.BYTES);
        List<Check> checks = new ArrayList<>();
        List<Check> adoptions = new ArrayList<>();
        for (int i = 0; i < elements.size(); i++) {
            Value.Struct element = struct(elements.get(i));
            MemorySegment header = mmsghdr.asSlice(vector, i);
            Message message = new Message(scope, allocator, receiving);
            message.layOut(struct(element.fields().get("msg_hdr")), mmsghdr.msg_hdr(header));
            Value length = element.fields().getOrDefault("msg_len", new Value.Number(0));
            int index = i;
            checks.add(result -> {
                int actual = header.get(ValueLayout.JAVA_INT, lengthAt);
                scope.matchNumber(length, actual, Integer.BYTES);
                message.check(index < result ? actual : -1);
            });
            adoptions.add(result -> message.descriptors(index < result ? 0 : -1, open::add));
        }
        return new Ready(vector, result -> checks.forEach(check -> check.after(result)),
                result -> adoptions.forEach(adoption -> adoption.after(result)));
    }

    private long argument(Line line, int index) {
        return scope.number(line.arguments().get(index).value());
    }

    private static Value.Struct struct(Value value) {
        if (value instanceof Value.Struct struct) {
            return struct;
        }
        throw new IllegalArgumentException("not a structure: " + value);
    }

    /// Whether there is something to compare. A failed call gives nothing back, so a script must not pretend that
    /// something is compared then.
    private static boolean succeeded(Line line, Value expected, long result) {
        boolean always = line.results().stream().allMatch(Result::failure) && line.target() == null;
        if (always && !(expected instanceof Value.Any)) {
            throw new IllegalArgumentException("a call that fails gives nothing to compare with " + expected
                    + "; write `...`");
        }
        return result >= 0;
    }

    // ---- memory

    static boolean isAddress(Value value) {
        return value instanceof Value.Null || value instanceof Value.Number;
    }

    /// `NULL`, or a bare number: an address nobody has checked.
    @SuppressWarnings("restricted")
    static MemorySegment address(Value value, Scope scope) {
        return switch (value) {
            case Value.Null _ -> MemorySegment.NULL;
            // SAFETY: nothing on the side of Java looks behind it, and the kernel finds out for itself.
            case Value.Number number -> MemorySegment.ofAddress(scope.number(number)).reinterpret(BAD_POINTER_LENGTH);
            default -> throw new IllegalArgumentException("not a pointer: " + value);
        };
    }

    static MemorySegment copied(SegmentAllocator allocator, byte[] bytes) {
        MemorySegment segment = allocator.allocate(Math.max(1, bytes.length), 16);
        MemorySegment.copy(bytes, 0, segment, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return segment.asSlice(0, bytes.length);
    }

    static void compare(Scope scope, Value expected, Buffer buffer, long written) {
        if (expected instanceof Value.Form(String form, _) && form.equals("untouched")) {
            buffer.written(0);
        } else {
            scope.match(expected, buffer.written(written));
        }
    }
}
