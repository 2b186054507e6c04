package io.github.fdsock.harness.script;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.harness.script.ScriptResult.Outcome;
import io.github.fdsock.sys.Call;
import io.github.fdsock.sys.Constants;
import io.github.fdsock.sys.Interposer;
import io.github.fdsock.testing.WithoutLedger;
import java.lang.foreign.Arena;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/// What was called otherwise than it is written is told, and nothing else.
@WithoutLedger("about the seam itself, which is empty before and after")
class RawCheckTest {
    private static final String PAIR = "socketpair(AF_UNIX, SOCK_STREAM, 0, [?a, ?b]) = 0\n";
    private static final String CLOSED = "close(a) = 0\nclose(b) = 0\n";

    @AfterEach
    void nothingIsLeftInTheSeam() {
        assertThat(Interposer.install(null)).isNull();
    }

    private static ScriptResult run(String lines) throws Exception {
        return Script.parse("test.calls", "# a claim\n" + lines).variants().getFirst()
                .run(Script.DEFAULT_TIMEOUT, true);
    }

    private static List<String> differences(String lines) throws Exception {
        ScriptResult result = run(lines);
        assertThat(result.outcome()).as(result.report()).isEqualTo(Outcome.PASSED);
        return result.rawDifferences();
    }

    @Test
    void whatIsMadeAsWrittenIsNotTold() throws Exception {
        assertThat(differences(PAIR + "A: recv(b, \"x\", 1, 0 <unfinished ...>\nsend(a, \"x\", ..., 0) = 1\n"
                + "A: <... recv resumed>) = 1\nioctl(a, FIONREAD, [0]) = 0\nbind(a, 0x1, 16) = -1 EFAULT\n"
                + CLOSED)).isEmpty();
    }

    @Test
    void theInterpretersOwnCallsAreTold() throws Exception {
        assertThat(differences(PAIR + "send(a, \"x\", ..., 0) = 1\nawait(b, POLLIN)\n" + CLOSED)).singleElement()
                .asString().matches("test\\.calls:4:1: made poll\\(0x[0-9a-f]+, 1, \\d+\\) = 1");
        assertThat(differences("v = eventfd(0, 0)\n")).singleElement().asString()
                .matches("test\\.calls: at the end made close\\(\\d+\\) = 0");
    }

    @Test
    void nothingIsToldWithoutBeingAsked() throws Exception {
        assertThat(Script.parse("test.calls", "# a claim\nv = eventfd(0, 0)\n").variants().getFirst().run()
                .rawDifferences()).isEmpty();
    }

    @Test
    void whatStoodInTheSeamBeforeStillAnswers() throws Exception {
        Interposer.install((call, arguments) -> call == Call.shutdown
                ? -Constants.ENOBUFS : Interposer.proceed(call, arguments));
        try {
            assertThat(differences(PAIR + "shutdown(a, SHUT_RD) = -1 ENOBUFS\n" + CLOSED)).isEmpty();
        } finally {
            Interposer.install(null);
        }
    }

    /// Makes the call of a line, with something in front of the check that is handed it to make calls with.
    private static List<String> differences(String text, UnaryOperator<Interposer> front) {
        CallLine line = new LineParser(new CallLine.Source("test.calls", 3, text)).line(0, false);
        try (Arena arena = Arena.ofConfined()) {
            PreparedCall call = new PreparedCall(line, new Names(Map.of(), ""), arena, new Belongings());
            RawCheck check = RawCheck.install();
            Interposer.install(front.apply(check));
            try {
                check.begin();
                call.make();
                return RawCheck.differences(line, call, check.end());
            } finally {
                check.uninstall();
            }
        }
    }

    @Test
    void whatIsDoneToACallInFrontOfItIsTold() {
        String line = "lseek(-1, 5, SEEK_SET) = -1 EBADF";
        assertThat(differences(line, check -> check)).isEmpty();
        assertThat(differences(line, check -> (call, arguments) -> {
            check.call(call, arguments);
            return check.call(call, arguments);
        })).containsExactly("test.calls:3:1: made lseek(-1, 5, 0) = -1 EBADF");
        assertThat(differences(line, _ -> (_, _) -> 0))
                .containsExactly("test.calls:3:1: not made as it is written: " + line);
        assertThat(differences(line, check -> (call, arguments) -> check.call(call, arguments[0], 6L, arguments[2])))
                .containsExactly("test.calls:3:1: made lseek(-1, 6, 0) = -1 EBADF",
                        "test.calls:3:1: not made as it is written: " + line);
    }
}
