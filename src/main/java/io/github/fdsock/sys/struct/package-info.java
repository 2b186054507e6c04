/// Views of C structs over memory that is reused. Nothing here makes a system call, but what [Addrinfo] and [Mapping]
/// do when their arena closes, and nothing allocates but where a method says so.
///
/// Each view shows the C declaration that it stands for, and its methods are named like the C fields, without the
/// prefix that the struct's name makes superfluous: [Timespec#sec] is `tv_sec`. A setter has the getter's name and
/// returns its view. `allocate` makes new memory, zeroed, in an arena; `of` looks at memory that is there; `segment` is
/// what a call is given, together with `SIZEOF`. Values are raw: the kernel judges them. What would make C follow a
/// wrong address, or read past an end, is refused.
///
/// [Sockaddr] differs: it is made of static methods, named with the prefix, since the same memory is one family's
/// address now and another's later.
///
/// Offsets are literals, because to initialise one class of layouts costs a starting program milliseconds. A test holds
/// each of them against those layouts.
package io.github.fdsock.sys.struct;
