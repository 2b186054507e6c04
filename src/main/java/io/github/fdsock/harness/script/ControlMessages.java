package io.github.fdsock.harness.script;

import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.struct.ControlBuffer;
import java.io.ByteArrayOutputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;
import java.util.stream.Collectors;

/// The control messages of a [MessageArgument], from a literal to bytes and from bytes back.
///
/// Written by hand and not by a [ControlBuffer], since a script may make them as wrong as it wants.
final class ControlMessages {
    private static final int HEADER = ControlBuffer.SIZEOF_CMSGHDR;
    private static final int LEVEL = 8;
    private static final int TYPE = 12;
    private static final Set<String> FIELDS = Set.of("cmsg_len", "cmsg_level", "cmsg_type", "cmsg_data");
    private static final Set<String> REQUIRED = Set.of("cmsg_level", "cmsg_type", "cmsg_data");

    private ControlMessages() {
    }

    private record Received(long length, int level, int type, byte[] data) {
        @Override
        public String toString() {
            return "{cmsg_len=" + length + ", cmsg_level=" + level + ", cmsg_type=" + type + ", cmsg_data="
                    + Octets.quoted(data) + "}";
        }
    }

    /// One behind the other, each as long as its data wants it, whatever its `cmsg_len` says.
    static byte[] encode(final Names names, final Literals literals, final List<Value> literal) {
        final ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (final Value message : literal) {
            final Map<String, Value> fields = fields(message);
            final byte[] data = literals.encode(fields.get("cmsg_data"));
            final Value length = fields.getOrDefault("cmsg_len", new Value.Number(ControlBuffer.len(data.length)));
            all.writeBytes(ByteBuffer.allocate((int) ControlBuffer.space(data.length)).order(ByteOrder.nativeOrder())
                    .putLong(names.number(length))
                    .putInt(LEVEL, (int) names.number(fields.get("cmsg_level")))
                    .putInt(TYPE, (int) names.number(fields.get("cmsg_type")))
                    .put(HEADER, data).array());
        }
        return all.toByteArray();
    }

    /// Compares what has come with the literal, in order: the kernel has one.
    ///
    /// @throws Mismatch if something differs, is missing, or is too much
    static void match(final Names names, final Literals literals, final Value.Array literal, final byte[] bytes) {
        final List<Received> received = read(bytes);
        final String came = received.stream().map(Received::toString).collect(Collectors.joining(", ", "[", "]"));
        if (received.size() != literal.elements().size()) {
            throw new Mismatch(literal, literal.toString(), came);
        }
        for (int i = 0; i < received.size(); i++) {
            final Received message = received.get(i);
            final Value element = literal.elements().get(i);
            final Map<String, Value> fields = fields(element);
            try {
                matchField("cmsg_level", fields, value -> names.match(value, message.level, Integer.BYTES));
                matchField("cmsg_type", fields, value -> names.match(value, message.type, Integer.BYTES));
                matchField("cmsg_len", fields, value -> names.match(value, message.length, Long.BYTES));
                matchField("cmsg_data", fields, value -> literals.match(value, message.data));
            } catch (final Mismatch mismatch) {
                throw mismatch.within(element, message.toString()).within(literal, came);
            }
        }
    }

    private interface Comparison {
        void with(Value expected);
    }

    private static void matchField(final String name, final Map<String, Value> fields, final Comparison comparison) {
        if (fields.containsKey(name)) {
            try {
                comparison.with(fields.get(name));
            } catch (final Mismatch mismatch) {
                throw mismatch.in(name);
            }
        }
    }

    /// Finds the descriptors that have come, as far as the bytes can be read.
    static void descriptors(final byte[] bytes, final IntConsumer owner) {
        for (final Received message : read(bytes)) {
            if (message.level == Constants.SOL_SOCKET
                    && (message.type == Constants.SCM_RIGHTS || message.type == Constants.SCM_PIDFD)) {
                final ByteBuffer data = ByteBuffer.wrap(message.data).order(ByteOrder.nativeOrder());
                while (data.remaining() >= Integer.BYTES) {
                    owner.accept(data.getInt());
                }
            }
        }
    }

    private static List<Received> read(final byte[] bytes) {
        final List<Received> all = new ArrayList<>();
        final ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        int at = 0;
        while (bytes.length - at >= HEADER) {
            final long length = buffer.getLong(at);
            final int end = Math.clamp(length, HEADER, bytes.length - at) + at;
            all.add(new Received(length, buffer.getInt(at + LEVEL), buffer.getInt(at + TYPE),
                    Octets.part(bytes, at + HEADER, end)));
            at = (int) ControlBuffer.align(end);
        }
        return all;
    }

    private static Map<String, Value> fields(final Value message) {
        if (message instanceof Value.Struct(Map<String, Value> fields, boolean open) && !open
                && FIELDS.containsAll(fields.keySet()) && fields.keySet().containsAll(REQUIRED)) {
            return fields;
        }
        throw new IllegalArgumentException("not {cmsg_level=..., cmsg_type=..., cmsg_data=...}: " + message);
    }
}
