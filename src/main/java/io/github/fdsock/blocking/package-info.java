/// Calls that wait, for any number of virtual threads: a [Poller][io.github.fdsock.blocking.Poller] takes descriptors
/// in, as [BlockingFd][io.github.fdsock.blocking.BlockingFd] and
/// [BlockingSocket][io.github.fdsock.blocking.BlockingSocket], and parks whoever has to wait for one.
package io.github.fdsock.blocking;
