package io.github.fdsock.sys;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Where the layouts would be wrong the library says so at once, and says where it runs.
class PlatformTest {

    @ParameterizedTest
    @CsvSource({"Mac OS X, aarch64", "Windows 11, amd64", "Linux, s390x", "Linux, x86", "Linux, arm", "FreeBSD, amd64",
            "Linux, riscv64", "linux, amd64"})
    void otherMachinesAreRefusedByTheirName(String system, String architecture) {
        assertThatThrownBy(() -> Platform.require(system, architecture)).isInstanceOf(UnsatisfiedLinkError.class)
                .hasMessageContainingAll(system, architecture, "runs on Linux");
    }

    @ParameterizedTest
    @CsvSource({"Linux, amd64", "Linux, aarch64"})
    void theTwoMachinesItIsMadeForAreTaken(String system, String architecture) {
        assertThat(Platform.require(system, architecture).find("socket")).isPresent();
    }

    /// In a JVM of its own, which says it is something else: the first call fails with these words, not with a crash.
    @Test
    void theFirstCallElsewhereSaysWhatIsWrong() throws Exception {
        final Process process = new ProcessBuilder(ProcessHandle.current().info().command().orElseThrow(),
                "-Dos.arch=s390x", "--enable-native-access=ALL-UNNAMED", "-cp",
                Libc.class.getProtectionDomain().getCodeSource().getLocation().getPath()
                        + System.getProperty("path.separator")
                        + PlatformTest.class.getProtectionDomain().getCodeSource().getLocation().getPath(),
                FirstCall.class.getName()).redirectErrorStream(true).start();
        final String output = new String(process.getInputStream().readAllBytes());
        assertThat(process.waitFor()).as(output).isEqualTo(1);
        assertThat(output).contains("UnsatisfiedLinkError", "fdsock runs on Linux", "s390x");
    }

    /// Run in a JVM of its own.
    static final class FirstCall {
        private FirstCall() {
        }

        public static void main(String[] arguments) {
            System.out.println(Libc.close(-1));
        }
    }
}
