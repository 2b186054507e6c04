package io.github.fdsock.harness.script;

import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// What stands in a script for an argument, a part of one, or a result; [#toString] gives the notation back.
sealed interface Value {

    /// `5`, `0x1`, `0644`.
    record Number(long value) implements Value {
        @Override
        public String toString() {
            return Long.toString(value);
        }
    }

    /// `AF_INET`, or a name that an earlier line has bound.
    record Name(String name) implements Value {
        @Override
        public String toString() {
            return name;
        }
    }

    /// `EPOLLIN|EPOLLET`.
    record Flags(List<Value> parts) implements Value {
        @Override
        public String toString() {
            return parts.stream().map(Value::toString).collect(Collectors.joining("|"));
        }
    }

    /// `"hello\0"`, or `"x"*1000`: bytes, each a character up to `\xff`.
    record Text(String characters, int times) implements Value {
        @Override
        public String toString() {
            return Octets.quoted(Octets.of(characters)) + (times == 1 ? "" : "*" + times);
        }
    }

    /// `NULL`.
    record Null() implements Value {
        @Override
        public String toString() {
            return "NULL";
        }
    }

    /// `...`: whatever it may be.
    record Any() implements Value {
        @Override
        public String toString() {
            return "...";
        }
    }

    /// `?name`: whatever it may be, and from here on called so.
    record Take(String name) implements Value {
        @Override
        public String toString() {
            return "?" + name;
        }
    }

    /// `1..5`, both included, or `1..`.
    record Range(long from, long to) implements Value {
        @Override
        public String toString() {
            return from + ".." + (to == Long.MAX_VALUE ? "" : Long.toString(to));
        }
    }

    /// `16 => 2`: before the call, and after.
    record Change(Value before, Value after) implements Value {
        @Override
        public String toString() {
            return before + " => " + after;
        }
    }

    /// `[1, 2]`.
    record Array(List<Value> elements) implements Value {
        @Override
        public String toString() {
            return elements.stream().map(Value::toString).collect(Collectors.joining(", ", "[", "]"));
        }
    }

    /// `{tv_sec=1, tv_nsec=0}`; open if it ends with `...`, for the fields that do not matter.
    record Struct(Map<String, Value> fields, boolean open) implements Value {
        @Override
        public String toString() {
            return fields.entrySet().stream().map(field -> field.getKey() + "=" + field.getValue())
                    .collect(Collectors.joining(", ", "{", open ? ", ...}" : "}"));
        }
    }

    /// `inet("127.0.0.1", 0)`, `u64(5)`.
    record Form(String name, List<Value> arguments) implements Value {
        @Override
        public String toString() {
            return name.equals("@") ? name + arguments.getFirst()
                    : arguments.stream().map(Value::toString).collect(Collectors.joining(", ", name + "(", ")"));
        }
    }

    /// What was found in memory, under the name that took it.
    record Found(byte[] bytes) implements Value {
        @Override
        public String toString() {
            return Octets.quoted(bytes);
        }
    }

    /// A descriptor of another process, under the name that took it there.
    ///
    /// @param label that process's; empty for the script's own
    /// @param number what it is there
    record Elsewhere(String label, long number) implements Value {
        @Override
        public String toString() {
            return "a descriptor of " + (label.isEmpty() ? "the script's own process" : label);
        }
    }
}
