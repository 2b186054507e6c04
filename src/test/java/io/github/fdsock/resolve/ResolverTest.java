package io.github.fdsock.resolve;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assumptions.assumeThat;

import io.github.fdsock.SockAddr;
import io.github.fdsock.harness.Faults;
import io.github.fdsock.harness.Scope;
import io.github.fdsock.harness.junit.FdLedger;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.sys.Libc;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.ThreadLocalRandom;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.IntStream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// Every lookup is answered once, by its executor, without blocking whoever asks; and libc's memory is freed once.
@FdLedger
@Timeout(60)
class ResolverTest {
    private static final long LIMIT = TimeUnit.SECONDS.toNanos(20);

    /// No name of a network: what is not numeric here is in `/etc/hosts`, or a [NameService] or a fault answers.
    private static final AddressQuery LOCALHOST = AddressQuery.of("localhost", 7000).socktype(SOCK_STREAM);

    private final Resolver resolver = Resolver.open(2, 4);
    private final Answers<AddressInfo> answers = new Answers<>();

    @AfterEach
    void close() throws InterruptedException {
        end(resolver);
        assertThat(answers.waiting()).as("answers that nobody expects").isZero();
        assertThat(answers.unread()).isZero();
    }

    private static void end(final Resolver resolver) throws InterruptedException {
        resolver.close();
        assertThat(resolver.awaitTermination(LIMIT)).as("its threads have ended").isTrue();
        assertThat(resolver.pending()).isZero();
    }

    private Lookup<AddressInfo> ask(final String name) {
        return resolver.getaddrinfo(AddressQuery.of(name, 7000), answers, answers);
    }

    private static List<SockAddr> addresses(final Answers.Told<AddressInfo> told) {
        assertThat(told.failure()).isNull();
        return told.result().addresses();
    }

    // ---- what is found

    @Test
    void aNameOfThisMachineHasTheAddressesThatTheJdkFinds() throws Exception {
        final List<SockAddr> expected = Arrays.stream(InetAddress.getAllByName("localhost"))
                .map(address -> SockAddr.of(new InetSocketAddress(address, 7000))).toList();
        resolver.getaddrinfo(LOCALHOST, answers, answers);
        assertThat(addresses(answers.next())).containsExactlyInAnyOrderElementsOf(expected);
        assertThat(resolver.getaddrinfo(LOCALHOST, LIMIT).addresses())
                .containsExactlyInAnyOrderElementsOf(expected);
    }

    @Test
    void anAddressIsThereOnceThoughItIsThereForEachType() throws Exception {
        resolver.getaddrinfo(AddressQuery.of("127.0.0.1", 7000), answers, answers);
        assertThat(addresses(answers.next())).containsExactly(SockAddr.inet("127.0.0.1", 7000));
    }

    @Test
    void hintsAreHeeded() throws Exception {
        assertThat(resolver.getaddrinfo(AddressQuery.of(null, 80).family(AF_INET6).flags(AI_PASSIVE), LIMIT))
                .isEqualTo(new AddressInfo(List.of(SockAddr.anyInet6(80)), null));
        assertThat(resolver.getaddrinfo(AddressQuery.of("::1", (String) null).flags(AI_CANONNAME), LIMIT))
                .isEqualTo(new AddressInfo(List.of(SockAddr.loopbackInet6(0)), "::1"));
        assertThat(resolver.getaddrinfo(LOCALHOST.family(AF_INET).flags(AI_CANONNAME), LIMIT).canonicalName())
                .isNotEmpty();
        assertThatThrownBy(() -> resolver.getaddrinfo(AddressQuery.of("::1", 80).family(AF_INET), LIMIT))
                .isInstanceOf(EaiException.class).hasMessageStartingWith("getaddrinfo(\"::1\", \"80\", {ai_flags=0x0,"
                        + " ai_family=2, ai_socktype=0, ai_protocol=0}) = -9 EAI_ADDRFAMILY (");
        assertThatThrownBy(() -> resolver.getaddrinfo(LOCALHOST.flags(AI_NUMERICHOST), LIMIT))
                .isInstanceOfSatisfying(EaiException.class, e -> assertThat(e.code()).isEqualTo(EAI_NONAME));
        assertThatThrownBy(() -> resolver.getaddrinfo(LOCALHOST.flags(-1), LIMIT))
                .isInstanceOfSatisfying(EaiException.class, e -> assertThat(e.code()).isEqualTo(EAI_BADFLAGS));
    }

    @Test
    void aServiceHasAName() throws Exception {
        final Path services = Path.of("/etc/services");
        assumeThat(Files.exists(services) && Files.readString(services).lines().anyMatch(line -> line.matches(
                "https\\s+443/tcp.*"))).as("https is in /etc/services").isTrue();
        assertThat(resolver.getaddrinfo(AddressQuery.of("127.0.0.1", "https").socktype(SOCK_STREAM), LIMIT).addresses())
                .containsExactly(SockAddr.inet("127.0.0.1", 443));
        assertThat(resolver.getnameinfo(SockAddr.inet("127.0.0.1", 443), NI_NUMERICHOST, LIMIT))
                .isEqualTo(new NameInfo("127.0.0.1", "https"));
    }

    @Test
    void anAddressHasAName() throws Exception {
        assumeThat(Files.readString(Path.of("/etc/hosts")).lines().filter(line -> line.matches("127\\.0\\.0\\.1\\s.*"))
                .findFirst().orElse("")).as("localhost is in /etc/hosts").matches("\\S+\\s+localhost\\b.*");
        final Answers<NameInfo> names = new Answers<>();
        resolver.getnameinfo(SockAddr.inet("127.0.0.1", 7000), NI_NUMERICSERV, names, names);
        assertThat(names.next().result()).isEqualTo(new NameInfo("localhost", "7000"));
    }

    /// glibc takes the path of a UNIX address for a string, however long the address is.
    @Test
    void aUnixAddressWithoutNulEndsInItsMemory() throws Exception {
        final List<Long> terminated = new ArrayList<>();
        final Interposer before = Interposer.install((call, arguments) -> {
            if (call == Call.getnameinfo) {
                final MemorySegment addr = (MemorySegment) arguments[0];
                terminated.add(addr.asSlice(2).elements(ValueLayout.JAVA_BYTE)
                        .filter(b -> b.get(ValueLayout.JAVA_BYTE, 0) == 0).count());
            }
            return Interposer.proceed(call, arguments);
        });
        try {
            for (final SockAddr address : List.of(SockAddr.unixUnnamed(), SockAddr.unix("x".repeat(108)),
                    SockAddr.raw(AF_UNIX, "x".getBytes()), SockAddr.raw(AF_UNIX, "x".repeat(126).getBytes()))) {
                final Answers<NameInfo> names = new Answers<>();
                resolver.getnameinfo(address, NI_NUMERICHOST | NI_NUMERICSERV, names, names);
                names.next();
            }
        } finally {
            Interposer.install(before);
        }
        assertThat(terminated).hasSize(4).doesNotContain(0L);
    }

    /// A label of DNS has at most 63 bytes, a name 255.
    @ParameterizedTest
    @ValueSource(ints = {64, 300, 1024})
    void aNameThatCannotBeOneIsLibcsToRefuse(final int length) {
        assertThatThrownBy(() -> resolver.getaddrinfo(AddressQuery.of("a".repeat(length), 80), LIMIT))
                .isInstanceOfSatisfying(EaiException.class, e -> assertThat(e.code()).isNegative());
    }

    // ---- failures

    static List<String> codes() {
        return Arrays.stream(Constants.class.getFields()).map(field -> field.getName())
                .filter(name -> name.startsWith("EAI_")).toList();
    }

    @ParameterizedTest
    @MethodSource("codes")
    void u54_everyFailureHasItsName(final String name) throws Exception {
        final int code = Constants.class.getField(name).getInt(null);
        final Answers<NameInfo> names = new Answers<>();
        try (Faults _ = Faults.inject(Scope.calls("getaddrinfo,getnameinfo"),
                "getaddrinfo,getnameinfo:retval=" + code)) {
            ask("localhost");
            ask("127.0.0.1");
            resolver.getnameinfo(SockAddr.inet("127.0.0.1", 80), 0, names, names);
            final EaiException failure = answers.next().failure();
            assertThat(failure.code()).isEqualTo(code);
            assertThat(failure).hasMessageContaining("\", \"7000\", NULL) = " + code + " " + name + " (");
            assertThat(answers.next().name()).isEqualTo(name);
            assertThat(names.next().failure()).hasMessageStartingWith(
                    "getnameinfo(127.0.0.1:80, 0x0) = " + code + " " + name + " (");
        }
    }

    @Test
    void aSystemErrorHasTheErrnoOfItsCall() throws Exception {
        final Interposer before = Interposer.install((call, arguments) -> {
            // Leaves EBADF, as if something inside of libc had failed so.
            return call == Call.getaddrinfo && Libc.close(-1) < 0 ? EAI_SYSTEM : Interposer.proceed(call, arguments);
        });
        try {
            ask("localhost");
            final EaiException failure = answers.next().failure();
            assertThat(failure.errno()).isEqualTo(EBADF);
            assertThat(failure).hasMessage("getaddrinfo(\"localhost\", \"7000\", NULL) = -11 EAI_SYSTEM (System error),"
                    + " EBADF (Bad file descriptor)");
        } finally {
            Interposer.install(before);
        }
    }

    @Test
    void aCallThatThrowsIsAnsweredTooAndTheThreadGoesOn() throws Exception {
        final RuntimeException thrown = new IllegalStateException("an interposer's");
        final Interposer before = Interposer.install((call, arguments) -> {
            if (call == Call.getaddrinfo) {
                throw thrown;
            }
            return Interposer.proceed(call, arguments);
        });
        try {
            for (int i = 0; i < 5; i++) {
                ask("localhost");
                final EaiException failure = answers.next().failure();
                assertThat(failure.code()).isEqualTo(EAI_FAIL);
                assertThat(failure).hasCause(thrown);
            }
        } finally {
            Interposer.install(before);
        }
        resolver.getaddrinfo(LOCALHOST, answers, answers);
        assertThat(addresses(answers.next())).isNotEmpty();
    }

    // ---- by which thread

    @Test
    void anAnswerComesByTheExecutorAndTheLookupFromAThreadOfItsOwn() throws Exception {
        final LinkedBlockingQueue<Thread> askedBy = new LinkedBlockingQueue<>();
        final Interposer before = Interposer.install((call, arguments) -> {
            if (call == Call.getaddrinfo) {
                askedBy.add(Thread.currentThread());
            }
            return Interposer.proceed(call, arguments);
        });
        try {
            ask("localhost");
            final Runnable task = answers.take();
            assertThat(answers.unread()).as("answers before the executor has run").isZero();
            task.run();
            task.run();
            assertThat(answers.unread()).as("answers, though the executor has run twice").isOne();
            answers.execute(() -> { });
            assertThat(answers.next().thread()).isSameAs(Thread.currentThread());
            final Thread thread = askedBy.remove();
            assertThat(thread.getName()).startsWith("fdsock-resolver-");
            assertThat(thread.isDaemon()).isTrue();
        } finally {
            Interposer.install(before);
        }
    }

    @Test
    void digitsAreFoundWithoutAThreadAndWaitForNone() throws Exception {
        try (NameService service = new NameService()) {
            ask("slow1");
            ask("slow2");
            service.awaitHeld(2);
            for (final String digits : List.of("127.0.0.1", "::1", "127.1", "fe80::1%1")) {
                ask(digits);
                assertThat(answers.waiting()).as("answers to %s", digits).isOne();
                assertThat(addresses(answers.next())).hasSize(1);
            }
            final Answers<NameInfo> names = new Answers<>();
            resolver.getnameinfo(SockAddr.inet("::1", 80), NI_NUMERICHOST | NI_NUMERICSERV, names, names);
            assertThat(names.waiting()).isOne();
            assertThat(names.next().result()).isEqualTo(new NameInfo("::1", "80"));
            assertThat(resolver.pending()).isEqualTo(2);
            service.letGo(2);
            answers.next();
            answers.next();
        }
    }

    @Test
    void digitsThatAreNoAddressAreAskedForAsAName() throws Exception {
        try (NameService service = new NameService()) {
            resolver.getaddrinfo(AddressQuery.of("1.2.3.4.5", 80).flags(AI_NUMERICHOST), answers, answers);
            assertThat(answers.waiting()).as("answered here").isOne();
            assertThat(answers.next().name()).isEqualTo("EAI_NONAME");
            assertThat(service.asked()).containsExactly("1.2.3.4.5");
            ask("slow-one");
            ask("3com");
            service.awaitHeld(1);
            service.letGo(1);
            answers.next();
            answers.next();
            assertThat(service.asked()).containsOnlyOnce("slow-one").contains("3com");
        }
    }

    // ---- many

    @Test
    void u54_tenLookupsInParallelAreEachAnsweredOnce() throws Exception {
        try (Resolver many = Resolver.open(10, 1)) {
            final AtomicInteger[] told = new AtomicInteger[10];
            try (NameService service = new NameService()) {
                for (int i = 0; i < 10; i++) {
                    final AtomicInteger mine = told[i] = new AtomicInteger();
                    many.getaddrinfo(AddressQuery.of("slow" + i, i), answers, (found, failure) -> {
                        mine.incrementAndGet();
                        answers.answered(found, failure);
                    });
                }
                service.awaitHeld(10);
                assertThat(many.pending()).isEqualTo(10);
                service.letGo(10);
                final List<Integer> ports = new ArrayList<>();
                for (int i = 0; i < 10; i++) {
                    ports.add(((SockAddr.Inet) addresses(answers.next()).getFirst()).port());
                }
                assertThat(ports).containsExactlyInAnyOrderElementsOf(IntStream.range(0, 10).boxed().toList());
                end(many);
                assertThat(told).allSatisfy(times -> assertThat(times).hasValue(1));
                assertThat(service.made()).isEqualTo(10);
                assertThat(service.unbalanced()).as("lists not freed, or freed twice").isEmpty();
            }
        }
    }

    @Test
    void whenNoMoreMayWaitTheNextIsToldToComeAgain() throws Exception {
        try (NameService service = new NameService()) {
            ask("slow1");
            ask("slow2");
            service.awaitHeld(2);
            final Lookup<AddressInfo> waiting = ask("waiting1");
            for (int i = 2; i <= 4; i++) {
                ask("waiting" + i);
            }
            ask("toomuch");
            assertThat(answers.next().failure()).hasMessage("getaddrinfo(\"toomuch\", \"7000\", NULL) = -3 EAI_AGAIN"
                    + " (Temporary failure in name resolution): not asked, 4 others wait");
            assertThat(resolver.pending()).isEqualTo(6);

            // The place of one that was cancelled is free at once.
            assertThat(waiting.cancel()).isTrue();
            assertThat(answers.next().name()).isEqualTo("EAI_CANCELED");
            ask("waiting5");
            assertThat(answers.waiting()).isZero();

            service.letGo(2);
            for (int i = 0; i < 6; i++) {
                addresses(answers.next());
            }
            assertThat(service.asked().subList(2, 6)).containsExactlyInAnyOrder("waiting2", "waiting3", "waiting4",
                    "waiting5");
        }
    }

    // ---- cancelling

    @Test
    void oneThatWaitsIsNeverAsked() throws Exception {
        try (NameService service = new NameService()) {
            ask("slow1");
            ask("slow2");
            service.awaitHeld(2);
            final Lookup<AddressInfo> lookup = ask("waiting");
            assertThat(lookup.cancel()).isTrue();
            assertThat(lookup.cancel()).as("again").isFalse();
            assertThat(answers.next().failure()).hasMessage(
                    "getaddrinfo(\"waiting\", \"7000\", NULL) = -101 EAI_CANCELED (Request canceled)");
            service.letGo(2);
            answers.next();
            answers.next();
            end(resolver);
            assertThat(service.asked()).containsExactlyInAnyOrder("slow1", "slow2");
        }
    }

    @Test
    void oneUnderWayIsAnsweredAtOnceAndItsResultFreed() throws Exception {
        try (NameService service = new NameService()) {
            final Lookup<AddressInfo> lookup = ask("slow");
            service.awaitHeld(1);
            assertThat(lookup.cancel()).isTrue();
            assertThat(answers.next().name()).isEqualTo("EAI_CANCELED");
            assertThat(resolver.pending()).isZero();
            service.letGo(1);
            end(resolver);
            assertThat(service.made()).isOne();
            assertThat(service.unbalanced()).isEmpty();
            assertThat(lookup.cancel()).isFalse();
        }
    }

    @Test
    void oneThatTheExecutorHasAlreadyIsAnsweredAsCancelled() throws Exception {
        final Lookup<AddressInfo> lookup = resolver.getaddrinfo(AddressQuery.of("::1", 80), answers, answers);
        final Runnable task = answers.take();
        assertThat(lookup.cancel()).isTrue();
        answers.execute(task);
        assertThat(answers.next().name()).isEqualTo("EAI_CANCELED");
        assertThat(lookup.cancel()).isFalse();
    }

    @Test
    void oneThatWasAnsweredStaysSo() throws Exception {
        final Lookup<AddressInfo> lookup = ask("::1");
        addresses(answers.next());
        assertThat(lookup.cancel()).isFalse();
    }

    @Test
    void anAnswerMayCancelAskAndClose() throws Exception {
        final Lookup<AddressInfo> other = ask("localhost");
        final Runnable last = answers.take();
        final List<String> seen = new ArrayList<>();
        resolver.getaddrinfo(AddressQuery.of("::1", 80), Runnable::run, (found, failure) -> {
            seen.add(found.addresses().toString());
            other.cancel();
            ask("127.0.0.1");
            resolver.close();
        });
        assertThat(seen).containsExactly("[[::1]:80]");
        assertThat(addresses(answers.next())).hasSize(1);
        answers.execute(last);
        assertThat(answers.next().name()).isEqualTo("EAI_CANCELED");
    }

    @Test
    void inAStormOfCancellationsEachIsAnsweredOnceAndAsItWasCancelled() throws Exception {
        final int count = 2000;
        try (NameService service = new NameService();
                Resolver busy = Resolver.open(3, count);
                ExecutorService loop = Executors.newSingleThreadExecutor();
                ExecutorService storm = Executors.newFixedThreadPool(3)) {
            final AtomicInteger[] told = IntStream.range(0, count).mapToObj(_ -> new AtomicInteger())
                    .toArray(AtomicInteger[]::new);
            final AtomicInteger toldCancelled = new AtomicInteger();
            final AtomicInteger cancelled = new AtomicInteger();
            final CountDownLatch all = new CountDownLatch(count);
            final List<Future<?>> cancelling = new ArrayList<>();
            for (int i = 0; i < count; i++) {
                final AtomicInteger mine = told[i];
                final Lookup<AddressInfo> lookup = busy.getaddrinfo(AddressQuery.of(i % 7 == 0 ? "::1" : "name", i),
                        i % 3 == 0 ? Runnable::run : loop, (found, failure) -> {
                            mine.incrementAndGet();
                            if (failure != null && failure.code() == EAI_CANCELED) {
                                toldCancelled.incrementAndGet();
                            }
                            all.countDown();
                        });
                // By two at once, some of them late.
                final Runnable cancel = () -> {
                    for (int spin = ThreadLocalRandom.current().nextInt(2000); spin > 0; spin--) {
                        Thread.onSpinWait();
                    }
                    if (lookup.cancel()) {
                        cancelled.incrementAndGet();
                    }
                };
                cancelling.add(storm.submit(cancel));
                cancelling.add(storm.submit(cancel));
            }
            for (final Future<?> one : cancelling) {
                one.get(20, TimeUnit.SECONDS);
            }
            assertThat(all.await(20, TimeUnit.SECONDS)).as("all are told").isTrue();
            end(busy);
            assertThat(told).allSatisfy(times -> assertThat(times).hasValue(1));
            assertThat(cancelled).hasPositiveValue().hasValue(toldCancelled.get());
            assertThat(service.unbalanced()).isEmpty();
        }
    }

    // ---- executors that refuse

    @Test
    void anExecutorThatRefusesEndsItsOwnLookupsOnly() throws Exception {
        final LinkedBlockingQueue<Throwable> uncaught = new LinkedBlockingQueue<>();
        final Thread.UncaughtExceptionHandler before = Thread.getDefaultUncaughtExceptionHandler();
        Thread.setDefaultUncaughtExceptionHandler((_, thrown) -> uncaught.add(thrown));
        try (NameService service = new NameService()) {
            final RejectedExecutionException refusal = new RejectedExecutionException("shut down");
            final Answer<AddressInfo> nobody = (_, _) -> {
                throw new AssertionError("answered");
            };
            assertThatThrownBy(() -> resolver.getaddrinfo(AddressQuery.of("::1", 80), _ -> {
                throw refusal;
            }, nobody)).isSameAs(refusal);
            for (int i = 0; i < 5; i++) {
                resolver.getaddrinfo(AddressQuery.of("name", 80), _ -> {
                    throw refusal;
                }, nobody);
                assertThat(uncaught.poll(20, TimeUnit.SECONDS)).isSameAs(refusal);
            }
            ask("name");
            assertThat(addresses(answers.next())).hasSize(1);

            ask("slow");
            service.awaitHeld(1);
            resolver.getaddrinfo(AddressQuery.of("slow", 80), _ -> {
                throw refusal;
            }, nobody);
            service.awaitHeld(1);
            assertThatThrownBy(resolver::close).isSameAs(refusal);
            assertThat(answers.next().name()).isEqualTo("EAI_CANCELED");
            service.letGo(2);
            end(resolver);
            assertThat(service.unbalanced()).isEmpty();
        } finally {
            Thread.setDefaultUncaughtExceptionHandler(before);
        }
    }

    @Test
    void anAnswerThatThrowsWhenItIsCancelledKeepsTheNewsFromNobody() throws Exception {
        try (NameService service = new NameService()) {
            final AtomicInteger told = new AtomicInteger();
            for (int i = 0; i < 6; i++) {
                resolver.getaddrinfo(AddressQuery.of("slow" + i, 80), Runnable::run, (_, failure) -> {
                    assertThat(failure.code()).isEqualTo(EAI_CANCELED);
                    throw new AssertionError("number " + told.incrementAndGet());
                });
            }
            service.awaitHeld(2);
            assertThatThrownBy(resolver::close).isInstanceOf(AssertionError.class).hasMessage("number 1")
                    .satisfies(e -> assertThat(e.getSuppressed()).hasSize(5));
            service.letGo(2);
            end(resolver);
        }
    }

    // ---- waiting

    @Test
    void virtualThreadsWait() throws Exception {
        try (NameService service = new NameService();
                Resolver roomy = Resolver.open(2, 1000);
                ExecutorService threads = Executors.newVirtualThreadPerTaskExecutor()) {
            final List<Future<AddressInfo>> found = new ArrayList<>();
            for (int i = 0; i < 500; i++) {
                final AddressQuery query = AddressQuery.of(i < 2 ? "slow" : "name", i);
                found.add(threads.submit(() -> roomy.getaddrinfo(query, LIMIT)));
            }
            service.awaitHeld(2);
            service.letGo(2);
            for (int i = 0; i < 500; i++) {
                assertThat(found.get(i).get().addresses()).containsExactly(SockAddr.inet("127.0.0.1", i));
            }
            end(roomy);
            assertThat(service.unbalanced()).isEmpty();
        }
    }

    @Test
    void whoeverWaitsKnowsWhoAsked() {
        try (Faults _ = Faults.inject(Scope.calls("getaddrinfo"), "getaddrinfo:retval=" + EAI_NONAME)) {
            assertThatThrownBy(() -> resolver.getaddrinfo(LOCALHOST, -1)).isInstanceOf(EaiException.class)
                    .satisfies(e -> assertThat(e.getStackTrace()).extracting(StackTraceElement::getMethodName)
                            .contains("whoeverWaitsKnowsWhoAsked"));
        }
    }

    @Test
    void aDeadlineEndsTheWaitThoughNotTheLookup() throws Exception {
        try (Faults faults = Faults.inject(Scope.calls("getaddrinfo"), "getaddrinfo:delay_enter=400ms:when=1")) {
            final long start = System.nanoTime();
            assertThatThrownBy(() -> resolver.getaddrinfo(LOCALHOST, TimeUnit.MILLISECONDS.toNanos(20)))
                    .isInstanceOf(EaiException.class).hasMessageEndingWith(" = -3 EAI_AGAIN (Temporary failure in name"
                            + " resolution): no answer within 20 ms");
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isBetween(Duration.ofMillis(20),
                    Duration.ofMillis(399));
            end(resolver);
            assertThat(Duration.ofNanos(System.nanoTime() - start)).isGreaterThanOrEqualTo(Duration.ofMillis(400));
            assertThat(faults.injected()).isOne();
        }
    }

    @Test
    void anInterruptEndsTheWaitAndCancels() throws Exception {
        try (NameService service = new NameService()) {
            for (final boolean virtual : new boolean[] {false, true}) {
                final LinkedBlockingQueue<Throwable> thrown = new LinkedBlockingQueue<>();
                final Runnable waiting = () -> {
                    try {
                        resolver.getaddrinfo(AddressQuery.of("slow", 80), -1);
                    } catch (final EaiException | InterruptedException e) {
                        thrown.add(e);
                    }
                };
                final Thread thread = virtual ? Thread.startVirtualThread(waiting)
                        : Thread.ofPlatform().start(waiting);
                service.awaitHeld(1);
                thread.interrupt();
                thread.join();
                assertThat(thrown.remove()).isInstanceOf(InterruptedException.class);
                assertThat(resolver.pending()).isZero();
            }
            service.letGo(2);
            end(resolver);
            assertThat(service.unbalanced()).isEmpty();
        }
    }

    // ---- the end

    @Test
    void closingCancelsAllAndNothingIsTakenAfterwards() throws Exception {
        try (NameService service = new NameService()) {
            ask("slow1");
            ask("slow2");
            service.awaitHeld(2);
            ask("waiting");
            resolver.close();
            resolver.close();
            for (int i = 0; i < 3; i++) {
                assertThat(answers.next().name()).isEqualTo("EAI_CANCELED");
            }
            assertThat(resolver.awaitTermination(0)).as("two are under way").isFalse();
            assertThatThrownBy(() -> ask("::1")).isInstanceOf(IllegalStateException.class)
                    .hasMessage("the resolver is closed");
            assertThatThrownBy(() -> resolver.getaddrinfo(LOCALHOST, 0)).isInstanceOf(IllegalStateException.class);
            service.letGo(2);
            end(resolver);
            assertThat(service.asked()).hasSize(2);
            assertThat(service.unbalanced()).isEmpty();
        }
    }

    @Test
    void whoeverAsksWhileItClosesIsAnsweredOrRefused() throws Exception {
        try (NameService service = new NameService(); ExecutorService threads = Executors.newFixedThreadPool(3)) {
            for (int round = 0; round < 100; round++) {
                final Resolver closing = Resolver.open(1, 1000);
                final AtomicInteger open = new AtomicInteger();
                final List<Future<?>> asking = new ArrayList<>();
                for (int i = 0; i < 2; i++) {
                    asking.add(threads.submit(() -> {
                        try {
                            for (;;) {
                                open.incrementAndGet();
                                closing.getaddrinfo(AddressQuery.of("name", 1), Runnable::run,
                                        (_, _) -> open.decrementAndGet());
                            }
                        } catch (final IllegalStateException closed) {
                            open.decrementAndGet();
                        }
                    }));
                }
                while (open.get() == 0) {
                    Thread.onSpinWait();
                }
                closing.close();
                for (final Future<?> one : asking) {
                    one.get(20, TimeUnit.SECONDS);
                }
                end(closing);
                assertThat(open).as("not answered").hasValue(0);
            }
            assertThat(service.unbalanced()).isEmpty();
        }
    }

    @Test
    void aBoundThatNothingReachesTakesNoMemory() throws Exception {
        final Resolver unbounded = Resolver.open(Integer.MAX_VALUE, Integer.MAX_VALUE);
        assertThat(unbounded.getaddrinfo(LOCALHOST, LIMIT).addresses()).isNotEmpty();
        end(unbounded);
    }

    @Test
    void itHasAThreadAndAQueue() {
        assertThatThrownBy(() -> Resolver.open(0, 1)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("0 threads");
        assertThatThrownBy(() -> Resolver.open(1, 0)).isInstanceOf(IllegalArgumentException.class)
                .hasMessageContaining("a queue of 0");
        try (Resolver usual = Resolver.open()) {
            assertThat(usual.pending()).isZero();
        }
    }
}
