/// One loop for any descriptor that epoll takes: [EventLoop][io.github.fdsock.loop.EventLoop] waits, and tells the
/// [Handler][io.github.fdsock.loop.Handler] of each [Registration][io.github.fdsock.loop.Registration] what is ready.
package io.github.fdsock.loop;
