/// Scripts of calls: sequences of system calls with what each must give, as data, in a notation close to strace's.
///
/// [Script] reads and runs them, `fdsock script` does on the command line. A script is a file that ends in `.calls`:
///
/// ```
/// # a datagram longer than the buffer loses its rest              the claim, first line
/// # cases: C06 G26                                               which known cases it covers, if any
/// # timeout: 5s                                                  for each run; 20 s if nobody says
/// # with: DOMAIN=AF_INET, NAME=inet("127.0.0.1", 0)              one run with these names ...
/// # with: DOMAIN=AF_UNIX, NAME=unix(@"$TMP/name")                ... and another with those
/// # unless: socket(DOMAIN, SOCK_DGRAM, 0) = -1 EAFNOSUPPORT      where this is so, the run is skipped; on any line
/// s = socket(DOMAIN, SOCK_DGRAM, 0)                              makes a descriptor, called s from here on
/// bind(s, NAME, ...) = 0                                         `...` behind what goes in: its length
/// getsockname(s, ?server, [128 => 2..]) = 0                      takes the name; 128 before, 2 or more after
/// sendto(s, "0123456789", ..., 0, server, ...) = 10
/// recv(s, "0123456", 7, 0) = 7                                   compared with what has arrived
/// recv(s, ..., 16, MSG_DONTWAIT) = -1 EAGAIN                     `...`: whatever it may be
/// ```
///
/// **Results.** `= 5`, a name or flags (`= O_RDWR|O_NONBLOCK`); `= 1..5` and `= 1..`; `= ?n` takes it; `= -1 EINVAL`
/// or, where kernels differ, `= -1 EINVAL|ELOOP`; `or` between alternatives; `= ...` for any. Calls that make a
/// descriptor name it: `s = socket(…)`.
///
/// **Values.** Numbers (`12`, `0x1f`, `0644`), constants of C, flags joined by `|`, `NULL`; a bare number where a
/// pointer belongs is a bad one (`0x1`), whichever it is. Bytes: `"text\n\0\xff"`, `"x"*1000`; `$TMP` in them is the
/// run's own directory, good also for abstract names that nobody else has. `[1, 2]` are `int`s (signals, where a set of
/// them belongs); `u8(1)`, `u16(1)`, `u32(1)`, `u64(1)` other widths. Structures by their fields, `{tv_sec=1}`: fields
/// left out are 0 on the way in; on the way out all have to be named, or `...` has to say that the rest is no matter.
/// Messages and buffers: `{msg_name=…, msg_namelen=128 => 16, msg_iov=[{iov_base="x", iov_len=8}], msg_flags=0}`.
///
/// **Control messages.** `msg_control=[{cmsg_level=SOL_SOCKET, cmsg_type=SCM_RIGHTS, cmsg_data=[s]}]`, in the order
/// in which they are sent or have come; `[]` where none has. To send, `cmsg_len` and `msg_controllen` are what the
/// data makes them, or what the script says, however wrong. To receive, `msg_controllen=64 => 24` is the room and
/// what came of it, and a `cmsg_len` is compared where it is there; `cmsg_data=[?x]` takes a descriptor. All that
/// come, expected or not, are the script's as if it had opened them. A `sock_extended_err` has an `offender`, the
/// address that follows it.
///
/// **Addresses.** `inet("127.0.0.1", 80)`, `inet6("::1", 80)`, `inet6("fe80::1", 80, SCOPE)`, `unix("/path")`,
/// `unix(@"abstract")`, `unix()` for the unnamed one, `family(47)` for 16 bytes with nothing but a family;
/// `padded("text", 107)` is text filled up with `x`.
///
/// **In and out.** What the kernel writes is compared with the literal that stands for it: exactly as many bytes as the
/// call says it gave, and none written behind them (`untouched`: none at all). `a => b` is a before and an after;
/// without it, what goes both ways has to come back as it was. Arrays of structures match in any order: events have
/// none. A call that fails gives nothing back, so its outputs have to be `...`.
///
/// **Names.** `?name` takes a value, `name` uses it; each is taken once. `pid`, `uid` and `gid` are the process's own.
///
/// **Threads.** A label in front of a line names the thread that makes the call; lines without one share another. Lines
/// happen in their order, one after the other. A call that blocks is written as strace writes it, in two parts, with
/// the arguments in either:
///
/// ```
/// A: recv(b, "hello", 16, 0 <unfinished ...>                     sleeps in the kernel before the next line begins ...
/// send(a, "hello", ..., 0) = 5                                   ... and still when this one does, which wakes it
/// A: <... recv resumed>) = 5
/// ```
///
/// The line that wakes it is the last before the resumed ones: several may follow that it wakes. A call that returns
/// earlier fails the script.
///
/// **Processes.** `CHILD = spawn()` starts a process. It has those of the script's descriptors that are not
/// close-on-exec, as `execve` leaves them, under their names; no others. From there on `CHILD` is a label, of the one
/// thread that it has, and the name of its process id:
///
/// ```
/// socketpair(AF_UNIX, SOCK_STREAM, 0, [?a, ?b]) = 0
/// CHILD = spawn()
/// close(b) = 0                                                   CHILD has the other copy
/// CHILD: send(b, "hello", ..., 0) = 5
/// recv(a, "hello", 16, 0) = 5
/// CHILD: recv(b, ..., 16, 0 <unfinished ...>
/// kill(CHILD, SIGKILL) = 0
/// CHILD: +++ killed by SIGKILL +++                               waits until it has ended, and how
/// recv(a, "", 16, 0) = 0
/// ```
///
/// Names of values are the same in all processes, a descriptor is its own process's: `pidfd_getfd` alone takes one of
/// another. `pid` is the id of the process that the line is of. `CHILD: +++ exited with 0 +++` lets it exit, with this
/// status; `+++ killed by ... +++` waits for a signal that other lines have sent, and cuts short a call that was begun
/// there. A process without such a line ends with the script; that it ends earlier fails the script. It takes a quarter
/// of a second to start one, which counts for no timeout.
///
/// **Conditions.** `await(fd, POLLIN|POLLHUP)` waits, by `poll`, until all of these events are there;
/// `await(fd, POLLIN) = POLLIN|POLLHUP` also says what shall be there then.
///
/// ## Grammar
///
/// ```
/// script    = "# " claim NEWLINE { [ header | line ] NEWLINE } .
/// header    = "# cases: " id { id } | "# timeout: " number ( "s" | "ms" )
///           | "# with: " NAME "=" value { "," NAME "=" value } | "# unless: " call .
/// line      = [ NAME ":" ] ( call | unfinished | resumed | ended ) | NAME "=" "spawn" "(" ")" .
/// call      = NAME "=" made | made "=" result { "or" result } .
/// made      = NAME "(" [ value { "," value } ] ")" .
/// unfinished = the beginning of a call "<unfinished ...>" .
/// resumed   = "<... " NAME " resumed>" the rest of that call .
/// ended     = "+++" ( "exited with" value | "killed by" value ) "+++" .
/// result    = "-1" ERRNO { "|" ERRNO } [ "(" text ")" ] | value .
/// value     = flags [ "=>" flags ] .
/// flags     = primary { "|" primary } .
/// primary   = "..." | "?" NAME | "NULL" | "untouched" | NAME | number [ ".." [ number ] ] | string [ "*" number ]
///           | "[" [ value { "," value } ] "]" | "{" field { "," field } "}" | "@" primary
///           | NAME "(" [ value { "," value } ] ")" .
/// field     = NAME "=" value | "..." .
/// number    = [ "-" ] ( digits | "0x" hexdigits | "0" octaldigits ) .
/// string    = '"' { character | "\n" | "\r" | "\t" | "\0" | "\"" | "\\" | "\x" hexdigit hexdigit } '"' .
/// ```
///
/// From `#` to the end of a line is a comment, except in a string. A character of a string is a byte, and ASCII:
/// others are written as `\xff`.
///
/// ## What happens
///
/// The calls go through [Libc][io.github.fdsock.sys.Libc], each label's on a thread of its own, which may block
/// signals. A difference ends the run: it is told with file, line and column, what was expected and what came, and the
/// line as it is written and as it came. Descriptors left open are closed, files in `$TMP` removed. A call that has not
/// returned in time fails with its line.
///
/// Another process is a JVM of its own, with such a thread: faults and traces of this one do not reach it. Where it
/// does not end when nothing is left to do, it is killed.
///
/// What ends the JVM, or is the whole process's, is refused: lengths beyond their memory, closing descriptors that are
/// not the script's, signals that end a process, limits. The processes that it has started, and they themselves, may be
/// sent `SIGHUP`, `SIGINT`, `SIGKILL`, `SIGSTOP` and `SIGTERM` too.
///
/// **What is compared with what.** A line is compared with what came back from a method of `Libc`. The raw check looks
/// one step further down, at the calls that reached the seam of `Libc`: what was called for a line besides its own
/// call, and where, because of faults for instance, its own was made with other arguments or not at all. Below that
/// there is libc, which makes the system call `sendto` of a `send`; what the kernel saw is strace's to tell.
package io.github.fdsock.harness.script;
