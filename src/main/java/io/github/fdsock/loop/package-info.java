/// One loop for any descriptor: [EventLoop][io.github.fdsock.loop.EventLoop] waits, and tells the
/// [handler][io.github.fdsock.loop.Registration.Handler] of each
/// [Registration][io.github.fdsock.loop.Registration] what is ready. Above it
/// [Listener][io.github.fdsock.loop.Listener] accepts connections, each a [Stream][io.github.fdsock.loop.Stream] that
/// reads and queues as libuv's and Node's do; [Datagrams][io.github.fdsock.loop.Datagrams] does the same for what
/// comes and goes without a connection. [Connector][io.github.fdsock.loop.Connector] finds the address that answers;
/// [EventLoops][io.github.fdsock.loop.EventLoops] are several loops, each in a thread of its own.
package io.github.fdsock.loop;
