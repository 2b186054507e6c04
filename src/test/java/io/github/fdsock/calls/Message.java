package io.github.fdsock.calls;

import io.github.fdsock.abi.iovec;
import io.github.fdsock.abi.msghdr;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.SegmentAllocator;
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
final class Message {
    private static final Set<String> FIELDS = Set.of("msg_name", "msg_namelen", "msg_iov", "msg_iovlen", "msg_control",
            "msg_controllen", "msg_flags");
    private static final Value ZERO = new Value.Number(0);
    private static final Value NULL = new Value.Null();

    private final Scope scope;
    private final SegmentAllocator allocator;
    private final boolean receiving;

    private final List<Scattered> scattered = new ArrayList<>();
    private MemorySegment vector = MemorySegment.NULL;
    private byte[] vectorBefore = {};
    private int vectorLength;

    private MemorySegment header = MemorySegment.NULL;
    private Map<String, Value> fields = Map.of();
    private Buffer name;
    private Buffer control;

    private record Scattered(Value expected, Buffer buffer, long length) {
    }

    Message(Scope scope, SegmentAllocator allocator, boolean receiving) {
        this.scope = scope;
        this.allocator = allocator;
        this.receiving = receiving;
    }

    // ---- before

    /// Lays the message out in `into`, which holds a `struct msghdr`.
    void layOut(Value.Struct literal, MemorySegment into) {
        for (String field : literal.fields().keySet()) {
            if (!FIELDS.contains(field)) {
                throw new IllegalArgumentException("a message has no field " + field);
            }
        }
        header = into;
        fields = literal.fields();
        layOutName();
        msghdr.msg_iov(header, layOutVector(field("msg_iov", NULL)));
        msghdr.msg_iovlen(header, scope.number(field("msg_iovlen", new Value.Number(vectorLength))));
        layOutControl();
        msghdr.msg_flags(header, field("msg_flags", ZERO) instanceof Value.Change(Value flags, _)
                ? (int) scope.number(flags) : 0);
    }

    /// Lays out an array of `struct iovec`; `NULL` and bare addresses stay what they are.
    MemorySegment layOutVector(Value literal) {
        if (!(literal instanceof Value.Array(List<Value> elements))) {
            return CallRun.address(literal, scope);
        }
        vectorLength = elements.size();
        vector = allocator.allocate(Math.max(1, vectorLength) * iovec.layout().byteSize(), Long.BYTES);
        for (int i = 0; i < vectorLength; i++) {
            if (!(elements.get(i) instanceof Value.Struct(Map<String, Value> parts, _))
                    || !Set.of("iov_base", "iov_len").containsAll(parts.keySet())) {
                throw new IllegalArgumentException("not {iov_base=..., iov_len=...}: " + elements.get(i));
            }
            layOut(parts, iovec.asSlice(vector, i));
        }
        vectorBefore = vector.toArray(ValueLayout.JAVA_BYTE);
        return vector;
    }

    private void layOut(Map<String, Value> parts, MemorySegment into) {
        Value base = scope.resolve(parts.getOrDefault("iov_base", NULL));
        if (CallRun.isAddress(base)) {
            iovec.iov_base(into, CallRun.address(base, scope));
            iovec.iov_len(into, scope.number(parts.getOrDefault("iov_len", ZERO)));
        } else if (receiving) {
            long length = scope.number(parts.getOrDefault("iov_len", ZERO));
            Buffer buffer = new Buffer(allocator, length);
            scattered.add(new Scattered(base, buffer, length));
            iovec.iov_base(into, buffer.segment());
            iovec.iov_len(into, length);
        } else {
            MemorySegment bytes = CallRun.copied(allocator, scope.encode(base));
            long length = parts.containsKey("iov_len") ? scope.number(parts.get("iov_len")) : bytes.byteSize();
            iovec.iov_base(into, bytes.asSlice(0, length));
            iovec.iov_len(into, length);
        }
    }

    private void layOutName() {
        Value value = scope.resolve(field("msg_name", NULL));
        long length = scope.number(before("msg_namelen", ZERO));
        msghdr.msg_namelen(header, (int) length);
        if (CallRun.isAddress(value)) {
            msghdr.msg_name(header, CallRun.address(value, scope));
        } else if (receiving) {
            name = new Buffer(allocator, length);
            msghdr.msg_name(header, name.segment());
        } else {
            msghdr.msg_name(header, CallRun.copied(allocator, scope.encode(value)));
        }
    }

    private void layOutControl() {
        Value value = scope.resolve(field("msg_control", NULL));
        byte[] sent = receiving || CallRun.isAddress(value) ? new byte[0]
                : value instanceof Value.Array(List<Value> literal) ? ControlMessages.encode(scope, literal)
                : scope.encode(value);
        long length = scope.number(before("msg_controllen", new Value.Number(sent.length)));
        msghdr.msg_controllen(header, length);
        if (CallRun.isAddress(value)) {
            msghdr.msg_control(header, CallRun.address(value, scope));
        } else {
            control = new Buffer(allocator, Math.max(length, sent.length));
            control.fill(sent);
            msghdr.msg_control(header, control.segment());
        }
    }

    // ---- after

    /// Hands over the descriptors that have come, whatever the literal says of them.
    void descriptors(long result, IntConsumer owner) {
        if (receiving && result >= 0 && control != null) {
            ControlMessages.descriptors(control.first(msghdr.msg_controllen(header)), owner);
        }
    }

    /// Compares the whole message with the literal.
    void check(long result) {
        checkVector(result);
        if (!receiving) {
            return;
        }
        after("msg_namelen", msghdr.msg_namelen(header), result);
        after("msg_controllen", msghdr.msg_controllen(header), result);
        if (result >= 0 || field("msg_flags", ZERO) instanceof Value.Change) {
            Value flags = field("msg_flags", ZERO);
            named("msg_flags", () -> scope.matchNumber(flags instanceof Value.Change(_, Value after) ? after : flags,
                    msghdr.msg_flags(header), Integer.BYTES));
        }
        if (name != null && result >= 0) {
            named("msg_name", () -> CallRun.compare(scope, fields.get("msg_name"), name, msghdr.msg_namelen(header)));
        }
        if (control != null) {
            named("msg_control", () -> checkControl(result));
        }
    }

    private void checkControl(long result) {
        byte[] written = control.written(result < 0 ? 0 : msghdr.msg_controllen(header));
        Value expected = scope.resolve(fields.get("msg_control"));
        if (result >= 0 && expected instanceof Value.Array(List<Value> literal)) {
            ControlMessages.match(scope, literal, written);
        } else if (result >= 0) {
            CallRun.compare(scope, expected, control, written.length);
        }
    }

    /// Compares only the buffers, into which `result` bytes have been scattered.
    void checkVector(long result) {
        if (!Arrays.equals(vectorBefore, vector.toArray(ValueLayout.JAVA_BYTE))) {
            throw new Mismatch("the array of buffers as it was", "another");
        }
        long rest = Math.max(0, result);
        for (Scattered part : scattered) {
            long filled = Math.min(rest, part.length);
            rest -= filled;
            if (result >= 0) {
                named("iov_base", () -> CallRun.compare(scope, part.expected, part.buffer, filled));
            } else {
                part.buffer.written(0);
            }
        }
    }

    private void after(String field, long actual, long result) {
        Value value = field(field, ZERO);
        if (value instanceof Value.Change(_, Value after)) {
            named(field, () -> scope.matchNumber(after, actual, Integer.BYTES));
        } else if (result >= 0) {
            named(field, () -> scope.matchNumber(value, actual, Integer.BYTES));
        }
    }

    private static void named(String field, Runnable comparison) {
        try {
            comparison.run();
        } catch (Mismatch mismatch) {
            throw new Mismatch(field + "=" + mismatch.expected(), mismatch.actual());
        }
    }

    private Value field(String name, Value otherwise) {
        return fields.getOrDefault(name, otherwise);
    }

    private Value before(String name, Value otherwise) {
        return field(name, otherwise) instanceof Value.Change(Value before, _) ? before : field(name, otherwise);
    }
}
