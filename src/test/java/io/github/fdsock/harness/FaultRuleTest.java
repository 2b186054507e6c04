package io.github.fdsock.harness;

import static io.github.fdsock.sys.Constants.*;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.Endpoint;
import io.github.fdsock.sys.Call;
import java.time.Duration;
import java.util.Arrays;
import java.util.List;
import java.util.stream.LongStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;
import org.junit.jupiter.params.provider.ValueSource;

/// A rule says the same as text and in Java; a text that is none is refused at the place where it goes wrong.
class FaultRuleTest {

    private static List<Arguments> twice() {
        return List.of(
                Arguments.of("accept4:error=EMFILE:when=1..3", FaultRule.on(Call.accept4).error(EMFILE).when(1, 3)),
                Arguments.of("accept4:error=24:when=1..3", FaultRule.on(Call.accept4).error(EMFILE).when(1, 3)),
                Arguments.of("read,write:error=EWOULDBLOCK", FaultRule.on(Call.write, Call.read).error(EAGAIN)),
                Arguments.of("/^(read|write)v$:retval=0", FaultRule.on(Call.readv, Call.writev).retval(0)),
                Arguments.of("send:error=4095", FaultRule.on(Call.send).error(4095)),
                Arguments.of("read:retval=-3", FaultRule.on(Call.read).retval(-3)),
                Arguments.of("close:after:error=EIO", FaultRule.on(Call.close).error(EIO).after()),
                Arguments.of("send:short=1", FaultRule.on(Call.send).shortTo(1)),
                Arguments.of("read:signal=SIGUSR1", FaultRule.on(Call.read).signal(SIGUSR1)),
                Arguments.of("read:signal=10", FaultRule.on(Call.read).signal(SIGUSR1)),
                Arguments.of("read:delay_enter=1500", FaultRule.on(Call.read).delayEnter(Duration.ofNanos(1_500_000))),
                Arguments.of("read:delay_exit=1.5ms", FaultRule.on(Call.read).delayExit(Duration.ofNanos(1_500_000))),
                Arguments.of("read:delay_exit=.5s", FaultRule.on(Call.read).delayExit(Duration.ofMillis(500))),
                Arguments.of("read:delay_exit=7ns", FaultRule.on(Call.read).delayExit(Duration.ofNanos(7))),
                Arguments.of("read:fd=7:error=EIO", FaultRule.on(Call.read).error(EIO).fd(7)),
                Arguments.of("connect:addr=tcp:127.0.0.1:7000:error=EINTR:when=2+", FaultRule.on(Call.connect)
                        .address(Endpoint.parse("tcp:127.0.0.1:7000")).error(EINTR).when(2, Integer.MAX_VALUE)),
                Arguments.of("connect:error=EINTR:addr=tcp:[::1]:7000",
                        FaultRule.on(Call.connect).address(Endpoint.parse("tcp:[::1]:7000")).error(EINTR)),
                Arguments.of("bind:addr=unix:/a:b:after:error=EINTR",
                        FaultRule.on(Call.bind).address(Endpoint.parse("unix:/a:b")).error(EINTR).after()),
                Arguments.of("write:len>4:len<=9:error=EIO", FaultRule.on(Call.write).length(5, 9).error(EIO)),
                Arguments.of("write:len=4:error=EIO", FaultRule.on(Call.write).length(4, 4).error(EIO)),
                Arguments.of("epoll_ctl:op=MOD:error=ENOENT",
                        FaultRule.on(Call.epoll_ctl).operation(EPOLL_CTL_MOD).error(ENOENT)),
                Arguments.of("epoll_ctl:op=EPOLL_CTL_DEL:error=ENOENT",
                        FaultRule.on(Call.epoll_ctl).operation(EPOLL_CTL_DEL).error(ENOENT)),
                Arguments.of("read:error=EIO:when=3+5",
                        FaultRule.on(Call.read).error(EIO).when(3, Integer.MAX_VALUE, 5)),
                Arguments.of("read:error=EIO:when=2..8+2", FaultRule.on(Call.read).error(EIO).when(2, 8, 2)),
                Arguments.of("read:error=EIO:when=2..8+", FaultRule.on(Call.read).error(EIO).when(2, 8)),
                Arguments.of("read:error=EIO:when=1:per=fd",
                        FaultRule.on(Call.read).error(EIO).when(1).perDescriptor()),
                Arguments.of("read:error=EIO:chance=0.25:seed=-4",
                        FaultRule.on(Call.read).error(EIO).chance(0.25).seed(-4)));
    }

    @ParameterizedTest
    @MethodSource("twice")
    void textAndJavaSayTheSame(final String text, final FaultRule rule) {
        assertThat(FaultRule.of(text)).isEqualTo(rule).hasSameHashCodeAs(rule);
        assertThat(FaultRule.of(rule.toString())).isEqualTo(rule);
        assertThat(FaultRule.of(FaultRule.of(text).toString())).isEqualTo(rule);
        assertThat(rule).isNotEqualTo(FaultRule.of("lseek:error=EIO"));
    }

    @Test
    void eachMethodMakesAnotherRule() {
        final FaultRule rule = FaultRule.on(Call.read).error(EIO);
        rule.when(7);
        rule.fd(1);
        assertThat(rule).hasToString("read:error=EIO");
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "all|read,clock_gettime|",
        "!all,read|read|refused",
        "!read,write|accept4,close|read,write",
        "/^epoll_p?wait$|epoll_wait,epoll_pwait|epoll_pwait2",
        "%network|socket,recvmmsg,setsockopt|read,close",
        "%desc|read,close,mmap,splice,epoll_ctl,timerfd_create|socket,send,unlink,munmap,kill",
        "%file|open,unlink,chmod|read,fchmod",
        "%memory|mmap,munmap|memfd_create",
        "%signal|kill,signalfd|read",
        "read,%memory,/^pw|read,mmap,pwrite|write"})
    void aSetIsThoseOfStrace(final String set, final String in, final String out) {
        if ("refused".equals(out)) {
            assertThatThrownBy(() -> FaultRule.of(set + ":delay_enter=1")).isInstanceOf(FaultSyntaxException.class);
            return;
        }
        final FaultRule rule = FaultRule.of(set + ":delay_enter=1");
        for (final String call : in.split(",")) {
            assertThat(rule.matches(Call.valueOf(call))).as(call).isTrue();
        }
        for (final String call : out == null ? new String[0] : out.split(",")) {
            assertThat(rule.matches(Call.valueOf(call))).as(call).isFalse();
        }
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', delimiter = '|', value = {
        "`` | 1 | expected a call such as accept4",
        "acept4:error=EIO | 1 | not \"acept4\"",
        "read,:error=EIO | 6 | expected a call",
        "read,raed:error=EIO | 6 | not \"raed\"",
        "!raed:error=EIO | 2 | not \"raed\"",
        "!all:error=EIO | 1 | expected a set of calls",
        "%networks:error=EIO | 1 | expected %network",
        "/re(ad:error=EIO | 1 | expected a regular expression",
        "/xyzzy:error=EIO | 1 | found in no name",
        "read,/\\w*\\w*\\w*\\w*\\w*\\w*\\w*\\w*\\w*\\w*\\w*\\w*!:error=EIO | 6 | goes back less often",
        "read | 5 | expected one of error=",
        "read: | 6 | expected an option",
        "read:when=2 | 12 | expected one of error=",
        "read:eror=EIO | 6 | not \"eror=EIO\"",
        "read:error | 6 | not \"error\"",
        "read:error>3 | 6 | not \"error>3\"",
        "read:error=EMFIL | 12 | not \"EMFIL\"",
        "read:error= | 12 | not \"\"",
        "read:error=0 | 12 | from 1 to 4095, not 0",
        "read:error=4096 | 12 | from 1 to 4095, not 4096",
        "read:error=99999999999 | 12 | up to 2147483647",
        "read:error=EIO:error=EIO | 22 | is there already",
        "read:error=EIO:retval=3 | 23 | is there already",
        "read:retval=x | 13 | expected a number",
        "read:after | 11 | expected error= or retval= besides after",
        "read:after=1:error=EIO | 6 | not \"after=1\"",
        "getuid:retval=-4096 | 15 | -4095 or more, not -4096",
        "getuid:retval=2147483648 | 15 | getuid never returns as much",
        "read:short=0 | 12 | expected 1 byte or more",
        "read:short=1:error=EIO | 20 | short= has the kernel's result",
        "read:error=EIO:short=1 | 22 | short= has the kernel's result",
        "accept4:short=1 | 15 | accept4 transfers no bytes",
        "read:signal=SIGSEGV | 13 | not SIGSEGV",
        "read:signal=9 | 13 | not SIGKILL",
        "read:signal=33 | 13 | not 33",
        "read:signal=65 | 13 | not 65",
        "read:signal=USR1 | 13 | expected a signal",
        "read:delay_enter=1m | 18 | expected a time",
        "read:delay_enter=0 | 18 | expected a time above 0",
        "read:delay_enter=99999999999s | 18 | expected a time",
        "read:error=EIO:when=0 | 21 | 1 <= first",
        "read:error=EIO:when=3..2 | 21 | first <= last",
        "read:error=EIO:when=1+0 | 21 | a step of 1",
        "read:error=EIO:when=..2 | 21 | expected first",
        "read:error=EIO:when=99999999999 | 21 | up to 2147483647",
        "read:error=EIO:per=thread | 20 | expected fd",
        "read:error=EIO:fd=-1 | 19 | not -1",
        "read:error=EIO:fd=x | 19 | expected a number",
        "socket:error=EIO:fd=1 | 21 | socket has no descriptor",
        "connect:error=EIO:addr=tcp:localhost:1 | 24 | localhost",
        "lseek:error=EIO:addr=tcp:127.0.0.1:1 | 22 | lseek has no address",
        "close:error=EIO:len>1 | 21 | close has no length",
        "read:error=EIO:len>9:len<5 | 26 | expected a length that can be",
        "read:error=EIO:len<-9223372036854775808 | 20 | long overflow",
        "read:error=EIO:len | 16 | not \"len\"",
        "epoll_ctl:error=EIO:op=SET | 24 | expected ADD, MOD or DEL",
        "read:error=EIO:op=ADD | 19 | read has no operation",
        "read:error=EIO:chance=1.5 | 23 | up to 1, not 1.5",
        "read:error=EIO:chance=NaN | 23 | expected a probability",
        "read:error=EIO:seed=1 | 22 | expected chance=",
        "accept4:retval=7 | 16 | accept4 gives its caller something to own",
        "pipe2:retval=0:after | 14 | pipe2 gives its caller something to own",
        "mmap:retval=4096 | 13 | mmap gives its caller something to own",
        "posix_spawn:retval=0 | 20 | posix_spawn gives its caller something to own",
        "posix_spawnp:error=EIO:after | 24 | posix_spawnp makes what could not be taken back",
        "posix_spawn_file_actions_init:retval=0 | 38 | gives its caller something to own",
        "posix_spawnattr_init:retval=0 | 29 | gives its caller something to own",
        "recvmsg:error=EIO:after | 19 | recvmsg makes what could not be taken back",
        "getaddrinfo:error=EIO | 19 | getaddrinfo has no errno"})
    void aTextThatIsNoneIsRefusedAtThePlaceOfTheMistake(final String text, final int column, final String says) {
        assertThatThrownBy(() -> FaultRule.of(text))
                .isInstanceOfSatisfying(FaultSyntaxException.class, e -> {
                    assertThat(e.text()).isEqualTo(text);
                    assertThat(e.column()).isEqualTo(column);
                })
                .hasMessageStartingWith('"' + text + "\", column " + column + ": ").hasMessageContaining(says);
    }

    @Test
    void whatIsPossibleForSomeOfASetPassesTheOthersBy() {
        final FaultRule rule = FaultRule.of("%desc:retval=0");
        assertThat(rule.matches(Call.close, 1)).isTrue();
        assertThat(rule.matches(Call.dup, 1)).isFalse();
        assertThat(rule.matches(Call.fcntl, 1, F_GETFD, 0)).isTrue();
        assertThat(rule.matches(Call.fcntl, 1, F_DUPFD_CLOEXEC, 0)).as("would make a descriptor up").isFalse();
        assertThat(rule.matches(Call.ioctl, 1, (long) SIOCGIFNAME, 0L)).isTrue();
        assertThat(rule.matches(Call.ioctl, 1, (long) SIOCGSKNS, 0L)).as("would make a descriptor up").isFalse();
        assertThat(FaultRule.of("getsockopt:retval=0").matches(Call.getsockopt, 1, SOL_SOCKET, SO_PEERPIDFD)).isFalse();
        assertThat(FaultRule.of("getsockopt:error=EIO").matches(Call.getsockopt, 1, SOL_SOCKET, SO_PEERPIDFD)).isTrue();
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', value = {"`2`,`2`", "`1..3`,`1,2,3`", "`2+`,`2,3,4,5,6,7,8,9,10`", "`3+5`,`3,8`",
        "`2..8+2`,`2,4,6,8`", "`2..7+3`,`2,5`", "`1+`,`1,2,3,4,5,6,7,8,9,10`"})
    void whenIsThatOfStrace(final String when, final String included) {
        final FaultRule rule = FaultRule.of("read:error=EIO:when=" + when);
        assertThat(LongStream.rangeClosed(1, 10).filter(rule::includes).boxed())
                .containsExactlyElementsOf(Arrays.stream(included.split(",")).map(Long::valueOf).toList());
    }

    @ParameterizedTest
    @ValueSource(doubles = {0.1, 0.5, 0.9})
    void chanceIsTheSameForTheSameSeedAndAsLikelyAsItSays(final double chance) {
        final FaultRule rule = FaultRule.on(Call.read).error(EIO).chance(chance).seed(42);
        final FaultRule other = FaultRule.on(Call.read).error(EIO).chance(chance).seed(43_000_000);
        final List<Boolean> luck = lucks(rule);
        assertThat(lucks(rule)).isEqualTo(luck);
        assertThat(lucks(other)).isNotEqualTo(luck);
        // Six standard deviations of 10,000 draws, and no draw here is random.
        assertThat(luck.stream().filter(lucky -> lucky).count())
                .isBetween((long) (10_000 * chance) - 300, (long) (10_000 * chance) + 300);
    }

    private static List<Boolean> lucks(final FaultRule rule) {
        return Stream.iterate(1L, n -> n + 1).limit(10_000).map(rule::includes).toList();
    }
}
