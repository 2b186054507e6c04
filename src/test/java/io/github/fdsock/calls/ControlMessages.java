package io.github.fdsock.calls;

import io.github.fdsock.abi.cmsghdr;
import io.github.fdsock.sys.Constants;
import java.io.ByteArrayOutputStream;
import java.lang.foreign.MemoryLayout;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.IntConsumer;

/// The control messages of a [Message], from a literal to bytes and from bytes back.
final class ControlMessages {
    private static final int HEADER = (int) cmsghdr.sizeof();
    private static final int LEVEL = offset("cmsg_level");
    private static final int TYPE = offset("cmsg_type");
    private static final Set<String> FIELDS = Set.of("cmsg_len", "cmsg_level", "cmsg_type", "cmsg_data");
    private static final Set<String> REQUIRED = Set.of("cmsg_level", "cmsg_type", "cmsg_data");

    private ControlMessages() {
    }

    private record Received(long length, int level, int type, byte[] data) {
        @Override
        public String toString() {
            return "{cmsg_len=" + length + ", cmsg_level=" + level + ", cmsg_type=" + type + ", cmsg_data="
                    + Value.Octets.quoted(data) + "}";
        }
    }

    /// One behind the other, each as long as its data wants it, whatever its `cmsg_len` says.
    static byte[] encode(Scope scope, List<Value> literal) {
        ByteArrayOutputStream all = new ByteArrayOutputStream();
        for (Value message : literal) {
            Map<String, Value> fields = fields(message);
            byte[] data = scope.encode(fields.get("cmsg_data"));
            Value length = fields.getOrDefault("cmsg_len", new Value.Number(HEADER + data.length));
            all.writeBytes(ByteBuffer.allocate(aligned(HEADER + data.length)).order(ByteOrder.nativeOrder())
                    .putLong(scope.number(length))
                    .putInt(LEVEL, (int) scope.number(fields.get("cmsg_level")))
                    .putInt(TYPE, (int) scope.number(fields.get("cmsg_type")))
                    .put(HEADER, data).array());
        }
        return all.toByteArray();
    }

    /// Compares what has come with the literal, in order: the kernel has one.
    ///
    /// @throws Mismatch if something differs, is missing, or is too much
    static void match(Scope scope, List<Value> literal, byte[] bytes) {
        List<Received> received = read(bytes);
        if (received.size() != literal.size()) {
            throw new Mismatch(literal, received);
        }
        for (int i = 0; i < received.size(); i++) {
            Received message = received.get(i);
            Map<String, Value> fields = fields(literal.get(i));
            try {
                scope.matchNumber(fields.get("cmsg_level"), message.level, Integer.BYTES);
                scope.matchNumber(fields.get("cmsg_type"), message.type, Integer.BYTES);
                scope.matchNumber(fields.getOrDefault("cmsg_len", new Value.Any()), message.length, Long.BYTES);
                scope.match(fields.get("cmsg_data"), message.data);
            } catch (Mismatch mismatch) {
                throw new Mismatch(literal.get(i) + " with " + mismatch.expected(), message);
            }
        }
    }

    /// Finds the descriptors that have come, as far as the bytes can be read.
    static void descriptors(byte[] bytes, IntConsumer owner) {
        for (Received message : read(bytes)) {
            if (message.level == Constants.SOL_SOCKET
                    && (message.type == Constants.SCM_RIGHTS || message.type == Constants.SCM_PIDFD)) {
                ByteBuffer data = ByteBuffer.wrap(message.data).order(ByteOrder.nativeOrder());
                while (data.remaining() >= Integer.BYTES) {
                    owner.accept(data.getInt());
                }
            }
        }
    }

    private static List<Received> read(byte[] bytes) {
        List<Received> all = new ArrayList<>();
        ByteBuffer buffer = ByteBuffer.wrap(bytes).order(ByteOrder.nativeOrder());
        int at = 0;
        while (bytes.length - at >= HEADER) {
            long length = buffer.getLong(at);
            int end = Math.clamp(length, HEADER, bytes.length - at) + at;
            all.add(new Received(length, buffer.getInt(at + LEVEL), buffer.getInt(at + TYPE),
                    Arrays.copyOfRange(bytes, at + HEADER, end)));
            at = aligned(end);
        }
        return all;
    }

    private static Map<String, Value> fields(Value message) {
        if (message instanceof Value.Struct(Map<String, Value> fields, boolean open) && !open
                && FIELDS.containsAll(fields.keySet()) && fields.keySet().containsAll(REQUIRED)) {
            return fields;
        }
        throw new IllegalArgumentException("not {cmsg_level=..., cmsg_type=..., cmsg_data=...}: " + message);
    }

    private static int offset(String field) {
        return (int) cmsghdr.layout().byteOffset(MemoryLayout.PathElement.groupElement(field));
    }

    private static int aligned(int length) {
        return length + Long.BYTES - 1 & -Long.BYTES;
    }
}
