/// BSD sockets for Java on Linux, by way of the Foreign Function & Memory API: real file descriptors, real system
/// calls, real `errno`.
///
/// The module opens nothing and requires nothing but `java.base`. Whoever starts the JVM grants it native access with
/// `--enable-native-access=io.github.fdsock`.
module io.github.fdsock {
    // Only packages that exist can be exported; each floor adds its line when its first type arrives.
}
