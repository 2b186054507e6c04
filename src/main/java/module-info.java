/// BSD sockets for Java on Linux, by way of the Foreign Function & Memory API: real file descriptors, real system
/// calls, real `errno`.
///
/// The module opens nothing and requires nothing but `java.base`; two modules more are used where they are there, for
/// traces that are switched on from outside. Whoever starts the JVM grants it native access with
/// `--enable-native-access=io.github.fdsock`.
module io.github.fdsock {
    requires static java.management;
    requires static jdk.jfr;

    exports io.github.fdsock;
    exports io.github.fdsock.cmsg;
    exports io.github.fdsock.harness;
    exports io.github.fdsock.harness.script;
    exports io.github.fdsock.loop;
    exports io.github.fdsock.option;
    exports io.github.fdsock.process;
    exports io.github.fdsock.sys;
    exports io.github.fdsock.sys.struct;
}
