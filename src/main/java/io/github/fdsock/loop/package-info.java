/// One loop for any descriptor: [EventLoop][io.github.fdsock.loop.EventLoop] waits, and tells the
/// [handler][io.github.fdsock.loop.Registration.Handler] of each
/// [Registration][io.github.fdsock.loop.Registration] what is ready. Above it
/// [Listener][io.github.fdsock.loop.Listener] accepts connections, each a [Stream][io.github.fdsock.loop.Stream] that
/// reads and queues as libuv's and Node's do; [Datagrams][io.github.fdsock.loop.Datagrams] does the same for what
/// comes and goes without a connection.
package io.github.fdsock.loop;
