package io.github.fdsock.cli;

import io.github.fdsock.Endpoint;
import io.github.fdsock.SockAddr;
import io.github.fdsock.cli.proxy.Proxy;
import io.github.fdsock.loop.EventLoop;
import io.github.fdsock.loop.Listener;
import java.io.IOException;
import java.net.Inet4Address;
import java.net.Inet6Address;
import java.net.InetAddress;
import java.net.NetworkInterface;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/// `fdsock proxy`: passes connections on.
@Command(name = "proxy", description = {"Passes each connection on to another address, until SIGTERM or SIGINT.",
    "The connections are told on standard error."})
final class ProxyCommand implements Callable<Integer> {
    @Spec
    private CommandSpec spec;

    @Parameters(index = "0", paramLabel = "LISTEN",
            description = "tcp:127.0.0.1:7000, tcp:[::1]:0, unix:/path, unix:@abstract")
    private Endpoint listen;

    @Parameters(index = "1", paramLabel = "TARGET", description = "the same, of whichever family")
    private Endpoint target;

    @Option(names = "--connect-timeout", paramLabel = "SECONDS", hidden = true,
            description = "so long the target may take to accept a connection")
    private double patience = 10;

    @Override
    public Integer call() throws Exception {
        LoopCommand.requireStreams(spec, List.of(listen, target));
        if (isReached(listen.address(), target.address())) {
            throw new ParameterException(spec.commandLine(), listen + " would be passed on to itself, without end");
        }
        final Duration time = LoopCommand.seconds(spec, patience);
        return LoopCommand.run("proxy", EventLoop.open(), false,
                proxy -> proxy.serve(List.of(listen), Listener.Overload.REFUSE,
                        new Proxy(target, time, System.err)::pass));
    }

    /// Whether what is connected to a target comes to a listener, as far as their addresses tell: not by other names
    /// of a socket's file, nor by what the network makes of an address.
    static boolean isReached(final SockAddr listener, final SockAddr target) throws IOException {
        if (!(listener instanceof SockAddr.Inet here && target instanceof SockAddr.Inet there)) {
            return listener.equals(target);
        }
        return here.port() == there.port() && isReached(ip(here), ip(there));
    }

    private static boolean isReached(final InetAddress listener, final InetAddress target) throws IOException {
        if (target.isAnyLocalAddress()) {
            // Which the kernel takes for this one.
            final String loopback = target instanceof Inet4Address ? "127.0.0.1" : "::1";
            return isReached(listener, InetAddress.ofLiteral(loopback));
        }
        return listener.equals(target)
                || listener.isAnyLocalAddress() && (listener instanceof Inet6Address || target instanceof Inet4Address)
                && (target.isLoopbackAddress() || NetworkInterface.getByInetAddress(target) != null);
    }

    /// One of IPv4 that is written as one of IPv6 is one of IPv4 here.
    private static InetAddress ip(final SockAddr.Inet address) throws IOException {
        return InetAddress.getByAddress(address.addressBytes());
    }
}
