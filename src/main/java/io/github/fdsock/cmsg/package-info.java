/// Control messages with their types: [Cmsg][io.github.fdsock.cmsg.Cmsg] has the constants, one for each that travels
/// beside the bytes of a message, and the other types are their values.
///
/// Nothing here makes a call: a [Message][io.github.fdsock.Message] carries them.
package io.github.fdsock.cmsg;
