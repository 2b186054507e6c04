package io.github.fdsock.harness;

import io.github.fdsock.Fd;
import io.github.fdsock.sys.Call;
import java.util.Objects;
import java.util.Set;
import java.util.concurrent.atomic.AtomicReference;

/// Which calls something applies to: those of a thread, on a descriptor, all.
///
/// Asked on the thread that makes the call, before it is made, by any number of threads at once.
@FunctionalInterface
public interface Scope {

    /// Whether a call belongs to it.
    ///
    /// @param call which function
    /// @param arguments those of the method in [Libc][io.github.fdsock.sys.Libc], boxed, in order; not to be changed
    /// @return whether it does
    boolean covers(Call call, Object... arguments);

    /// Every call of every thread.
    ///
    /// @return the scope
    static Scope everything() {
        return (_, _) -> true;
    }

    /// The calls of the thread that asks for the scope.
    ///
    /// @return the scope
    static Scope thisThread() {
        return thread(Thread.currentThread());
    }

    /// The calls of one thread: of a loop, that which runs it.
    ///
    /// @param thread the thread
    /// @return the scope
    static Scope thread(final Thread thread) {
        Objects.requireNonNull(thread, "thread");
        return (_, _) -> Thread.currentThread() == thread;
    }

    /// The calls on a descriptor: those that have it as an argument. With that which closes it the scope ends, though
    /// its number may be used again, and closed.
    ///
    /// @param fd the descriptor
    /// @return the scope
    static Scope descriptor(final Fd fd) {
        final int number = fd.intValue();
        // That which closes it: it is not open any more then. By its arguments, since several may ask about one call.
        final AtomicReference<Object[]> last = new AtomicReference<>();
        return (call, arguments) -> Parameters.has(call, arguments, number)
                && (fd.isOpen() || call == Call.close
                        && (last.compareAndSet(null, arguments) || last.get() == arguments));
    }

    /// The calls of a set, as `strace -e trace=` takes it: `sendmsg,recvmsg`, `%network`, `!close`, `/^epoll`, `all`.
    ///
    /// @param set names, classes, regular expressions; how they are written is told at [FaultRule]
    /// @return the scope
    /// @throws FaultSyntaxException no such set
    static Scope calls(final String set) {
        final Set<Call> calls = new RuleParser(set).calls();
        return (call, _) -> calls.contains(call);
    }

    /// The calls that belong to both.
    ///
    /// @param other another scope
    /// @return the scope
    default Scope and(final Scope other) {
        Objects.requireNonNull(other, "other");
        return (call, arguments) -> covers(call, arguments) && other.covers(call, arguments);
    }
}
