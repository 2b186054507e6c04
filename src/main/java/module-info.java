/// BSD sockets for Java on Linux, by way of the Foreign Function & Memory API: real file descriptors, real system
/// calls, real `errno`.
///
/// The module opens nothing and requires nothing but `java.base`; others are used where they are there: two for traces
/// that are switched on from outside and for loops in Flight Recorder, `jdk.management` to block virtual threads in good
/// time, JUnit's for the extensions of it. Whoever starts the JVM grants it native access with
/// `--enable-native-access=io.github.fdsock`.
module io.github.fdsock {
    requires static java.management;
    requires static jdk.jfr;
    requires static jdk.management;
    requires static org.junit.jupiter.api;

    exports io.github.fdsock;
    exports io.github.fdsock.blocking;
    exports io.github.fdsock.cmsg;
    exports io.github.fdsock.harness;
    exports io.github.fdsock.harness.control;
    exports io.github.fdsock.harness.junit;
    exports io.github.fdsock.harness.script;
    exports io.github.fdsock.loop;
    exports io.github.fdsock.loop.monitor;
    exports io.github.fdsock.option;
    exports io.github.fdsock.process;
    exports io.github.fdsock.resolve;
    exports io.github.fdsock.sys;
    exports io.github.fdsock.sys.struct;
}
