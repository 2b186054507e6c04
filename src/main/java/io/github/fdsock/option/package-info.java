/// The options of sockets with their types: [SockOpt][io.github.fdsock.option.SockOpt] has the constants, one for each
/// that the man pages of section 7 name, and the other types are their values.
///
/// Nothing here makes a call: [SocketFd][io.github.fdsock.SocketFd] does.
package io.github.fdsock.option;
