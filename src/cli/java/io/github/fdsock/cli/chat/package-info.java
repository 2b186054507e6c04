/// A chat: a room that lines are told in, and those who join it, over streams and by datagrams.
///
/// **In both directions** go lines in UTF-8. What the room says itself begins with `* `, what a member says with a number
/// that the room has given: `3: hello`. So nobody can pass for the room, or for somebody else.
///
/// **A datagram** has a line or several. Those that begin with `<` are for the room: `<JOIN>` is the first one, as good as
/// any other, and may come again at any time; `<LEAVE>` is the last one. The room's own last one to somebody is `<END>`.
package io.github.fdsock.cli.chat;
