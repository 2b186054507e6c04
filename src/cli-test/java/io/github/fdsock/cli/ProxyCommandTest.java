package io.github.fdsock.cli;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.Endpoint;
import java.io.IOException;
import java.net.InterfaceAddress;
import java.net.NetworkInterface;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// A proxy knows by which names it would come to itself, and takes no other for one of them.
class ProxyCommandTest {
    private static boolean isReached(final String listener, final String target) throws IOException {
        return ProxyCommand.isReached(Endpoint.parse(listener).address(), Endpoint.parse(target).address());
    }

    @ParameterizedTest
    @CsvSource({"tcp:127.0.0.1:7, tcp:127.0.0.1:7", "tcp:127.0.0.1:7, tcp:0.0.0.0:7", "tcp:0.0.0.0:7, tcp:127.0.0.1:7",
        "tcp:0.0.0.0:7, tcp:127.9.9.9:7", "tcp:0.0.0.0:7, tcp:0.0.0.0:7", "tcp:[::1]:7, tcp:[::]:7",
        "tcp:[::]:7, tcp:[::1]:7", "tcp:[::]:7, tcp:127.0.0.1:7", "tcp:[::]:7, tcp:0.0.0.0:7",
        "tcp:127.0.0.1:7, tcp:[::ffff:127.0.0.1]:7", "tcp:[::ffff:0.0.0.0]:7, tcp:127.0.0.1:7", "unix:s, unix:s",
        "unix:@s, unix:@s", "vsock:1:7, vsock:1:7"})
    void itself(final String listener, final String target) throws IOException {
        assertThat(isReached(listener, target)).isTrue();
    }

    @ParameterizedTest
    @CsvSource({"tcp:127.0.0.1:7, tcp:127.0.0.1:8", "tcp:127.0.0.1:7, tcp:127.0.0.2:7",
        "tcp:127.0.0.2:7, tcp:0.0.0.0:7", "tcp:127.0.0.1:7, tcp:[::1]:7", "tcp:127.0.0.1:7, tcp:[::]:7",
        "tcp:0.0.0.0:7, tcp:[::1]:7", "tcp:0.0.0.0:7, tcp:192.0.2.1:7", "tcp:[::]:7, tcp:[2001:db8::1]:7",
        "tcp:127.0.0.1:7, unix:s", "unix:s, unix:@s", "unix:s, unix:t"})
    void another(final String listener, final String target) throws IOException {
        assertThat(isReached(listener, target)).isFalse();
    }

    @Test
    void anyAddressOfThisMachineIsOneOfAllOfThem() throws IOException {
        for (final NetworkInterface each : NetworkInterface.networkInterfaces().toList()) {
            for (final InterfaceAddress address : each.getInterfaceAddresses()) {
                final String ip = address.getAddress().getHostAddress();
                final String target = ip.contains(":") ? "tcp:[" + ip + "]:7" : "tcp:" + ip + ":7";
                assertThat(isReached("tcp:[::]:7", target)).as(target).isTrue();
            }
        }
    }
}
