/// What a process is given by the one that starts it, and what it gives to those that it starts: descriptors.
///
/// [Activation][io.github.fdsock.process.Activation] and [Inetd][io.github.fdsock.process.Inetd] take over what was
/// inherited, [Notify][io.github.fdsock.process.Notify] answers the service manager, and
/// [Spawn][io.github.fdsock.process.Spawn] starts programs with chosen descriptors, which [ProcessBuilder] cannot.
package io.github.fdsock.process;
