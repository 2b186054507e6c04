package io.github.fdsock.harness.script;

import io.github.fdsock.harness.script.Memory.Buffer;
import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.struct.Iovec;
import io.github.fdsock.sys.struct.Msghdr;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;

/// A `struct msghdr`, or only its buffers, from a literal: laid out before the call, compared after it.
///
/// What the literal does not name is 0 or `NULL` before the call; after a call that receives, `msg_flags` is 0 unless
/// it says otherwise. That the array of buffers itself has not changed is always checked.
///
/// Laid out by hand and not by a [Msghdr], since a script may say what no view would: but nothing that would make the
/// kernel write, or read much, beyond memory that is ours.
final class MessageArgument {
    private static final Set<String> FIELDS = Set.of("msg_name", "msg_namelen", "msg_iov", "msg_iovlen", "msg_control",
            "msg_controllen", "msg_flags");
    private static final Value ZERO = new Value.Number(0);
    private static final Value NULL = new Value.Null();

    // struct msghdr
    private static final long NAME = 0;
    private static final long NAMELEN = 8;
    private static final long IOV = 16;
    private static final long IOVLEN = 24;
    private static final long CONTROL = 32;
    private static final long CONTROLLEN = 40;
    private static final long MSG_FLAGS = 48;

    // struct iovec
    private static final long BASE = 0;
    private static final long LEN = 8;

    private final Names names;
    private final Literals literals;
    private final Arena arena;
    private final boolean receiving;

    private final List<Scattered> scattered = new ArrayList<>();
    private MemorySegment vector = MemorySegment.NULL;
    private byte[] vectorBefore = {};
    private int vectorLength;

    private Value.Struct literal;
    private MemorySegment header = MemorySegment.NULL;
    private Map<String, Value> fields = Map.of();
    private Buffer name;
    private Buffer control;

    private record Scattered(Value expected, Buffer buffer, long length) {
    }

    MessageArgument(final Names names, final Literals literals, final Arena arena, final boolean receiving) {
        this.names = names;
        this.literals = literals;
        this.arena = arena;
        this.receiving = receiving;
    }

    // ---- before

    /// Lays the message out in `into`, which holds a `struct msghdr`.
    void layOut(final Value.Struct message, final MemorySegment into) {
        for (final String field : message.fields().keySet()) {
            if (!FIELDS.contains(field)) {
                throw new IllegalArgumentException("a message has no field " + field);
            }
        }
        literal = message;
        header = into;
        fields = message.fields();
        layOutName();
        layOutVector();
        layOutControl();
        header.set(ValueLayout.JAVA_INT, MSG_FLAGS, field("msg_flags", ZERO) instanceof Value.Change(Value flags, _)
                ? (int) names.number(flags) : 0);
    }

    private void layOutVector() {
        header.set(ValueLayout.JAVA_LONG, IOV, layOutVector(field("msg_iov", NULL)).address());
        final long count = names.number(field("msg_iovlen", new Value.Number(vectorLength)));
        // More than the kernel ever looks at is refused by it unseen. One that is too large otherwise leads it astray.
        if (count < 0 || count > Math.max(vectorLength, 1) && count <= Constants.UIO_MAXIOV) {
            throw new IllegalArgumentException("msg_iovlen=" + count + " with " + vectorLength + " buffers");
        }
        header.set(ValueLayout.JAVA_LONG, IOVLEN, count);
    }

    /// Lays out an array of `struct iovec`; `NULL` and addresses stay what they are.
    MemorySegment layOutVector(final Value value) {
        if (!(value instanceof Value.Array(List<Value> elements))) {
            return PreparedCall.address(value);
        }
        vectorLength = elements.size();
        vector = Memory.allocate(arena, Math.max(1, vectorLength) * (long) Iovec.SIZEOF);
        for (int i = 0; i < vectorLength; i++) {
            if (!(elements.get(i) instanceof Value.Struct(Map<String, Value> parts, _))
                    || !Set.of("iov_base", "iov_len").containsAll(parts.keySet())) {
                throw new IllegalArgumentException("not {iov_base=..., iov_len=...}: " + elements.get(i));
            }
            layOut(parts, vector.asSlice((long) i * Iovec.SIZEOF, Iovec.SIZEOF));
        }
        vectorBefore = vector.toArray(ValueLayout.JAVA_BYTE);
        return vector;
    }

    private void layOut(final Map<String, Value> parts, final MemorySegment into) {
        final Value base = names.resolve(parts.getOrDefault("iov_base", NULL));
        final MemorySegment memory;
        long length = names.number(parts.getOrDefault("iov_len", ZERO));
        if (PreparedCall.isAddress(base)) {
            memory = PreparedCall.address(base);
        } else if (receiving) {
            final Buffer buffer = new Buffer(arena, Math.max(length, 0));
            scattered.add(new Scattered(base, buffer, length));
            memory = buffer.segment();
        } else {
            memory = Memory.copied(arena, literals.encode(base));
            length = parts.containsKey("iov_len") ? length : memory.byteSize();
        }
        // A negative one is refused by the kernel.
        if (length > memory.byteSize() && memory.address() != 0) {
            throw new IllegalArgumentException("iov_len=" + length + " of " + memory.byteSize() + " bytes");
        }
        into.set(ValueLayout.JAVA_LONG, BASE, memory.address());
        into.set(ValueLayout.JAVA_LONG, LEN, length);
    }

    private void layOutName() {
        final Value value = names.resolve(field("msg_name", NULL));
        final int length = (int) names.number(before("msg_namelen", ZERO));
        header.set(ValueLayout.JAVA_INT, NAMELEN, length);
        final MemorySegment memory;
        if (PreparedCall.isAddress(value)) {
            memory = PreparedCall.address(value);
        } else if (receiving) {
            // The kernel writes no more than an address may have.
            name = new Buffer(arena, Math.clamp(length, 0, Memory.SOCKADDR_STORAGE));
            memory = name.segment();
        } else {
            memory = Memory.copied(arena, literals.encode(value));
        }
        header.set(ValueLayout.JAVA_LONG, NAME, memory.address());
    }

    private void layOutControl() {
        final Value value = names.resolve(field("msg_control", NULL));
        final byte[] sent = receiving || PreparedCall.isAddress(value) ? new byte[0]
                : value instanceof Value.Array(List<Value> messages) ? ControlMessages.encode(names, literals, messages)
                : literals.encode(value);
        final long length = names.number(before("msg_controllen", new Value.Number(sent.length)));
        header.set(ValueLayout.JAVA_LONG, CONTROLLEN, length);
        final MemorySegment memory;
        if (PreparedCall.isAddress(value)) {
            memory = PreparedCall.address(value);
        } else {
            control = new Buffer(arena, Math.max(length, sent.length));
            control.fill(sent);
            memory = control.segment();
        }
        if (length > memory.byteSize() && memory.address() != 0) {
            throw new IllegalArgumentException("msg_controllen=" + length + " of " + memory.byteSize() + " bytes");
        }
        header.set(ValueLayout.JAVA_LONG, CONTROL, memory.address());
    }

    // ---- after

    /// Hands over the descriptors that have come, whatever the literal says of them.
    void descriptors(final long result, final IntConsumer owner) {
        if (receiving && result >= 0 && control != null) {
            ControlMessages.descriptors(control.first(controllen()), owner);
        }
    }

    /// Compares the whole message with the literal.
    void check(final long result) {
        checkVector(result);
        if (!receiving) {
            return;
        }
        after("msg_namelen", namelen(), result);
        after("msg_controllen", controllen(), result);
        final Value flags = field("msg_flags", ZERO);
        if (result >= 0 || flags instanceof Value.Change) {
            final int actual = header.get(ValueLayout.JAVA_INT, MSG_FLAGS);
            named("msg_flags", Integer.toString(actual), () -> names.match(
                    flags instanceof Value.Change(_, Value after) ? after : flags, actual, Integer.BYTES));
        }
        if (name != null && result >= 0) {
            named("msg_name", null, () -> PreparedCall.compare(literals, fields.get("msg_name"), name, namelen()));
        }
        if (control != null) {
            named("msg_control", null, () -> checkControl(result));
        }
    }

    private int namelen() {
        return header.get(ValueLayout.JAVA_INT, NAMELEN);
    }

    private long controllen() {
        return header.get(ValueLayout.JAVA_LONG, CONTROLLEN);
    }

    private void checkControl(final long result) {
        final Value written = fields.get("msg_control");
        final Value expected = names.resolve(written);
        final byte[] bytes = control.written(written, result < 0 ? 0 : controllen());
        if (result >= 0 && expected instanceof Value.Array array) {
            ControlMessages.match(names, literals, array, bytes);
        } else if (result >= 0) {
            PreparedCall.compare(literals, written, control, bytes.length);
        }
    }

    /// Compares only the buffers, into which `result` bytes have been scattered.
    void checkVector(final long result) {
        if (!Arrays.equals(vectorBefore, vector.toArray(ValueLayout.JAVA_BYTE))) {
            throw new Mismatch(NULL, "the array of buffers as it was", "another");
        }
        long rest = Math.max(0, result);
        for (final Scattered part : scattered) {
            final long filled = Math.min(rest, part.length);
            rest -= filled;
            if (result >= 0) {
                named("iov_base", null, () -> PreparedCall.compare(literals, part.expected, part.buffer, filled));
            } else {
                part.buffer.written(part.expected, 0);
            }
        }
    }

    private void after(final String field, final long actual, final long result) {
        final Value value = field(field, ZERO);
        if (value instanceof Value.Change(_, Value after)) {
            named(field, null, () -> names.match(after, actual, Integer.BYTES));
        } else if (result >= 0) {
            named(field, Long.toString(actual), () -> names.match(value, actual, Integer.BYTES));
        }
    }

    /// @param came what stands for the field where the literal does not name it
    private void named(final String field, final String came, final Runnable comparison) {
        try {
            comparison.run();
        } catch (final Mismatch mismatch) {
            final Mismatch named = mismatch.in(field);
            throw came == null || fields.containsKey(field) ? named
                    : named.within(literal, literal.toString().replaceFirst("}$", ", " + field + "=" + came + "}"));
        }
    }

    private Value field(final String field, final Value otherwise) {
        return fields.getOrDefault(field, otherwise);
    }

    private Value before(final String field, final Value otherwise) {
        return field(field, otherwise) instanceof Value.Change(Value before, _) ? before : field(field, otherwise);
    }
}
