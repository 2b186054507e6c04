package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U32;
import static io.github.fdsock.sys.struct.Bytes.U64;

import io.github.fdsock.sys.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `struct addrinfo`: what `getaddrinfo` is asked for, and each of its answers.
///
/// ```c
/// struct addrinfo {
///     int              ai_flags;      //  0
///     int              ai_family;     //  4
///     int              ai_socktype;   //  8
///     int              ai_protocol;   // 12
///     socklen_t        ai_addrlen;    // 16
///     struct sockaddr *ai_addr;       // 24
///     char            *ai_canonname;  // 32   the first answer's only, with AI_CANONNAME
///     struct addrinfo *ai_next;       // 40
/// };                                  // 48
/// ```
///
/// [#allocate] makes one for the hints, [#adopt] takes the answers over:
///
/// ```java
/// MemorySegment res = arena.allocate(ADDRESS);
/// int error = Libc.getaddrinfo(node, service, hints.segment(), res);
/// if (error == 0) {
///     for (Addrinfo a = Addrinfo.adopt(res, arena); a != null; a = a.next()) { … a.addr() … }
/// }
/// ```
///
/// @see <a href="https://man7.org/linux/man-pages/man3/getaddrinfo.3.html">getaddrinfo(3)</a>
public final class Addrinfo {
    /// `sizeof(struct addrinfo)`.
    public static final int SIZEOF = 48;

    static final long FLAGS = 0;
    static final long FAMILY = 4;
    static final long SOCKTYPE = 8;
    static final long PROTOCOL = 12;
    static final long ADDRLEN = 16;
    static final long ADDR = 24;
    static final long CANONNAME = 32;
    static final long NEXT = 40;

    private final MemorySegment segment;

    /// What the list lives as long as; null for hints, which point nowhere.
    private final Arena list;

    private Addrinfo(final MemorySegment segment, final Arena list) {
        this.segment = segment;
        this.list = list;
    }

    /// A new one, zero, for the hints: any family, any type, any protocol.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static Addrinfo allocate(final Arena arena) {
        return new Addrinfo(arena.allocate(SIZEOF, Long.BYTES), null);
    }

    /// Takes the list over that [Libc#getaddrinfo] stored: it is freed when the arena closes, after which every access
    /// is refused. `res` is set to `NULL`, so that nobody frees it again.
    ///
    /// @param res what was given to [Libc#getaddrinfo], which returned 0
    /// @param arena what the list shall live as long as
    /// @return the first answer
    /// @throws IllegalArgumentException if there is no list in `res`
    /// @throws IllegalStateException if the arena is closed; the list is the caller's still
    @SuppressWarnings("restricted")
    public static Addrinfo adopt(final MemorySegment res, final Arena arena) {
        final long address = res.get(U64, 0);
        if (address == 0) {
            throw new IllegalArgumentException("res holds no list of struct addrinfo, or its list was adopted before");
        }
        // SAFETY: getaddrinfo stores the address of a struct addrinfo that lives until freeaddrinfo, which is called
        // when the arena closes, and by nobody else, since the only copy of the address is wiped.
        final MemorySegment first = MemorySegment.ofAddress(address).reinterpret(SIZEOF, arena, Libc::freeaddrinfo);
        res.set(U64, 0, 0);
        return new Addrinfo(first, arena);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// Reads `ai_flags`.
    ///
    /// @return `AI_…`
    public int flags() {
        return segment.get(U32, FLAGS);
    }

    /// Writes `ai_flags`, of the hints.
    ///
    /// @param flags `AI_PASSIVE`, `AI_NUMERICHOST` and so on
    /// @return this
    public Addrinfo flags(final int flags) {
        segment.set(U32, FLAGS, flags);
        return this;
    }

    /// Reads `ai_family`.
    ///
    /// @return `AF_…`
    public int family() {
        return segment.get(U32, FAMILY);
    }

    /// Writes `ai_family`, of the hints.
    ///
    /// @param family `AF_INET`, `AF_INET6`, or `AF_UNSPEC` for both
    /// @return this
    public Addrinfo family(final int family) {
        segment.set(U32, FAMILY, family);
        return this;
    }

    /// Reads `ai_socktype`.
    ///
    /// @return `SOCK_…`
    public int socktype() {
        return segment.get(U32, SOCKTYPE);
    }

    /// Writes `ai_socktype`, of the hints. Left at 0, every address comes back once for each type.
    ///
    /// @param socktype `SOCK_…`
    /// @return this
    public Addrinfo socktype(final int socktype) {
        segment.set(U32, SOCKTYPE, socktype);
        return this;
    }

    /// Reads `ai_protocol`.
    ///
    /// @return `IPPROTO_…`
    public int protocol() {
        return segment.get(U32, PROTOCOL);
    }

    /// Writes `ai_protocol`, of the hints.
    ///
    /// @param protocol `IPPROTO_…`, or 0 for any
    /// @return this
    public Addrinfo protocol(final int protocol) {
        segment.set(U32, PROTOCOL, protocol);
        return this;
    }

    /// `ai_addr`, with the length `ai_addrlen`.
    ///
    /// @return an answer's address, readable as long as the list's arena is open
    /// @throws IllegalStateException for hints, which have none
    @SuppressWarnings("restricted")
    public MemorySegment addr() {
        // SAFETY: of an answer ai_addr points to ai_addrlen bytes that live as long as the list, which is as long as
        // its arena is open.
        return answer(ADDR).reinterpret(Integer.toUnsignedLong(segment.get(U32, ADDRLEN)), list, null).asReadOnly();
    }

    /// `ai_canonname`: the name that aliases led to.
    ///
    /// @return the name, copied; null unless `AI_CANONNAME` was asked for and this is the first answer
    /// @throws IllegalStateException for hints, which have none
    @SuppressWarnings("restricted")
    public String canonname() {
        final MemorySegment name = answer(CANONNAME);
        if (name.address() == 0) {
            return null;
        }
        // SAFETY: of an answer it points to a string that ends with NUL and lives as long as the list; getString reads
        // no further than the NUL.
        return name.reinterpret(Long.MAX_VALUE, list, null).getString(0);
    }

    /// `ai_next`: the next answer.
    ///
    /// @return the next, or null after the last
    /// @throws IllegalStateException for hints, which have none
    @SuppressWarnings("restricted")
    public Addrinfo next() {
        final MemorySegment next = answer(NEXT);
        if (next.address() == 0) {
            return null;
        }
        // SAFETY: of an answer ai_next is NULL or points to one more struct addrinfo of the same list.
        return new Addrinfo(next.reinterpret(SIZEOF, list, null), list);
    }

    /// A pointer in an answer, of size 0 yet. Hints are filled by anyone, and nothing in them is followed.
    private MemorySegment answer(final long pointer) {
        if (list == null) {
            throw new IllegalStateException("these are hints, not an answer of getaddrinfo");
        }
        return MemorySegment.ofAddress(segment.get(U64, pointer));
    }
}
