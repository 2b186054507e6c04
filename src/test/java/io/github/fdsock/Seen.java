package io.github.fdsock;

import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Interposer;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.concurrent.atomic.AtomicInteger;

/// Stands between the library and the kernel for the time of a test, writes down every call, and answers some itself.
///
/// It sees the calls of all threads, and stands in front of what stood there before, which sees what it does not answer
/// itself, and is put back by closing it.
public final class Seen implements Interposer, AutoCloseable {
    /// One call, before it was answered.
    ///
    /// @param behind what stands behind it, and lets the kernel answer in the end
    public record Made(Call call, List<Object> arguments, Interposer behind) {
        /// Makes the call.
        public long really() {
            return behind.call(call, arguments.toArray());
        }

        /// Its first argument.
        public int fd() {
            return (int) arguments.getFirst();
        }
    }

    /// Answers calls of its choice.
    @FunctionalInterface
    public interface Rule {
        /// What shall be returned; null lets the kernel answer.
        Long answer(Made made);
    }

    private final List<Made> calls = new CopyOnWriteArrayList<>();
    private final Rule rule;
    private final Interposer before;

    private Seen(final Rule rule) {
        this.rule = rule;
        before = Interposer.install(this);
    }

    /// Only watches.
    public static Seen calls() {
        return new Seen(_ -> null);
    }

    /// Watches, and lets `rule` answer.
    public static Seen calls(final Rule rule) {
        return new Seen(rule);
    }

    /// Watches, and lets the first `times` calls of one kind fail.
    public static Seen failing(final Call call, final int times, final int errno) {
        final AtomicInteger left = new AtomicInteger(times);
        return new Seen(made -> made.call() == call && left.getAndDecrement() > 0 ? (long) -errno : null);
    }

    @Override
    public long call(final Call call, final Object... arguments) {
        final Made made = new Made(call, List.of(arguments), before == null ? Interposer::proceed : before);
        calls.add(made);
        final Long answer = rule.answer(made);
        return answer != null ? answer : made.really();
    }

    /// Everything that was called, in order.
    public List<Made> all() {
        return List.copyOf(calls);
    }

    /// The calls of one kind.
    public List<Made> all(final Call call) {
        return calls.stream().filter(made -> made.call() == call).toList();
    }

    /// The names of all calls on one descriptor, in order.
    public List<Call> on(final int fd) {
        return calls.stream().filter(made -> made.arguments().getFirst().equals(fd)).map(Made::call).toList();
    }

    @Override
    public void close() {
        Interposer.install(before);
    }
}
