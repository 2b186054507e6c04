package io.github.fdsock.harness.script;

import io.github.fdsock.sys.struct.EpollEvents;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/// How a struct of C lies in memory: its fields by their names.
///
/// @param name without `struct`
/// @param size in bytes
/// @param fields in order
record Struct(String name, int size, Map<String, Field> fields) {

    /// A field. Unions, and the addresses of IP, count as the bytes that they are.
    ///
    /// @param offset in bytes
    /// @param size in bytes
    /// @param struct what it is, or null
    record Field(int offset, int size, Struct struct) {
    }

    private static final int LONG = Long.BYTES;

    /// A literal is the first of these that has all its fields; where the size is known, the first of that size.
    private static final List<Struct> ALL = new ArrayList<>();

    static {
        // What lies in order, each field at the next multiple of its size. A field's number is its size, `16/4` one of
        // 16 bytes that begins at a multiple of 4; a name stands for an earlier struct.
        """
        pollfd fd:4 events:2 revents:2
        timespec tv_sec:8 tv_nsec:8
        timeval tv_sec:8 tv_usec:8
        itimerspec it_interval:timespec it_value:timespec
        linger l_onoff:4 l_linger:4
        rlimit rlim_cur:8 rlim_max:8
        ucred pid:4 uid:4 gid:4
        ip_mreqn imr_multiaddr:4 imr_address:4 imr_ifindex:4
        ipv6_mreq ipv6mr_multiaddr:16/4 ipv6mr_interface:4
        group_req gr_interface:4 gr_group:128/8
        signalfd_siginfo ssi_signo:4 ssi_errno:4 ssi_code:4 ssi_pid:4 ssi_uid:4 ssi_fd:4 ssi_tid:4 ssi_band:4 \
        ssi_overrun:4 ssi_trapno:4 ssi_status:4 ssi_int:4 ssi_ptr:8 ssi_utime:8 ssi_stime:8 ssi_addr:8 \
        ssi_addr_lsb:2 _:2 ssi_syscall:4 ssi_call_addr:8 ssi_arch:4 _:28/4
        tcp_info tcpi_state:1 tcpi_ca_state:1 tcpi_retransmits:1 tcpi_probes:1 tcpi_backoff:1 tcpi_options:1 _:2 \
        tcpi_rto:4 tcpi_ato:4 tcpi_snd_mss:4 tcpi_rcv_mss:4 tcpi_unacked:4 tcpi_sacked:4 tcpi_lost:4 tcpi_retrans:4 \
        tcpi_fackets:4 tcpi_last_data_sent:4 tcpi_last_ack_sent:4 tcpi_last_data_recv:4 tcpi_last_ack_recv:4 \
        tcpi_pmtu:4 tcpi_rcv_ssthresh:4 tcpi_rtt:4 tcpi_rttvar:4 tcpi_snd_ssthresh:4 tcpi_snd_cwnd:4 tcpi_advmss:4 \
        tcpi_reordering:4 tcpi_rcv_rtt:4 tcpi_rcv_space:4 tcpi_total_retrans:4 tcpi_pacing_rate:8 \
        tcpi_max_pacing_rate:8 tcpi_bytes_acked:8 tcpi_bytes_received:8 tcpi_segs_out:4 tcpi_segs_in:4 \
        tcpi_notsent_bytes:4 tcpi_min_rtt:4 tcpi_data_segs_in:4 tcpi_data_segs_out:4 tcpi_delivery_rate:8 \
        tcpi_busy_time:8 tcpi_rwnd_limited:8 tcpi_sndbuf_limited:8 tcpi_delivered:4 tcpi_delivered_ce:4 \
        tcpi_bytes_sent:8 tcpi_bytes_retrans:8 tcpi_dsack_dups:4 tcpi_reord_seen:4 tcpi_rcv_ooopack:4 tcpi_snd_wnd:4
        in_pktinfo ipi_ifindex:4 ipi_spec_dst:4 ipi_addr:4
        in6_pktinfo ipi6_addr:16/4 ipi6_ifindex:4
        sock_extended_err ee_errno:4 ee_origin:1 ee_type:1 ee_code:1 ee_pad:1 ee_info:4 ee_data:4 offender:16/4
        sock_extended_err ee_errno:4 ee_origin:1 ee_type:1 ee_code:1 ee_pad:1 ee_info:4 ee_data:4 offender:28/4
        """.lines().forEach(line -> ALL.add(parse(line)));
        // Packed on x86-64 alone. Its data is a union, here one of 64 bits.
        final Map<String, Field> event = new LinkedHashMap<>();
        event.put("events", new Field(0, Integer.BYTES, null));
        event.put("data", new Field(EpollEvents.SIZEOF - LONG, LONG, null));
        ALL.addFirst(new Struct("epoll_event", EpollEvents.SIZEOF, event));
    }

    static List<Struct> all() {
        return ALL;
    }

    private static Struct parse(final String line) {
        final String[] words = line.split(" ");
        final Map<String, Field> fields = new LinkedHashMap<>();
        int end = 0;
        int alignment = 1;
        for (int i = 1; i < words.length; i++) {
            final String[] parts = words[i].split("[:/]");
            final Struct inner = Character.isDigit(parts[1].charAt(0)) ? null : named(parts[1]);
            final int size = inner == null ? Integer.parseInt(parts[1]) : inner.size;
            final int multiple = parts.length > 2 ? Integer.parseInt(parts[2]) : inner == null ? size : LONG;
            final int offset = aligned(end, multiple);
            alignment = Math.max(alignment, multiple);
            end = offset + size;
            if (!parts[0].equals("_")) {
                fields.put(parts[0], new Field(offset, size, inner));
            }
        }
        return new Struct(words[0], aligned(end, alignment), fields);
    }

    private static Struct named(final String name) {
        return ALL.stream().filter(struct -> struct.name.equals(name)).findFirst().orElseThrow();
    }

    private static int aligned(final int offset, final int multiple) {
        return (offset + multiple - 1) / multiple * multiple;
    }

    /// What a literal stands for.
    ///
    /// @throws IllegalArgumentException if no struct has these fields
    static Struct of(final Value.Struct literal) {
        return of(literal, -1);
    }

    /// What a literal stands for where so many bytes have come.
    ///
    /// @throws IllegalArgumentException if no struct has these fields
    static Struct of(final Value.Struct literal, final int size) {
        final List<Struct> fitting = ALL.stream()
                .filter(struct -> struct.fields.keySet().containsAll(literal.fields().keySet())).toList();
        if (fitting.isEmpty()) {
            throw new IllegalArgumentException("no struct has these fields: "
                    + String.join(", ", literal.fields().keySet())
                    + (literal.fields().containsKey("sa_family") ? "; addresses are written inet(\"127.0.0.1\", 80),"
                            + " inet6(\"::1\", 80), unix(\"/path\")" : ""));
        }
        return fitting.stream().filter(struct -> struct.size == size).findFirst().orElse(fitting.getFirst());
    }

    Field field(final String field) {
        final Field found = fields.get(field);
        if (found == null) {
            throw new IllegalArgumentException("struct " + name + " has no field " + field
                    + Names.similar(field, fields.keySet().stream()));
        }
        return found;
    }

    /// The bytes in the notation, as far as there are any.
    String describe(final byte[] bytes, final int at) {
        return fields.entrySet().stream().filter(field -> at + field.getValue().offset + field.getValue().size
                <= bytes.length).map(field -> field.getKey() + "=" + describe(field.getValue(), bytes, at))
                .collect(Collectors.joining(", ", "{", "}"));
    }

    private static String describe(final Field field, final byte[] bytes, final int at) {
        final int from = at + field.offset;
        return field.struct != null ? field.struct.describe(bytes, from)
                : field.size <= LONG ? Long.toString(Octets.integer(bytes, from, field.size))
                : Octets.quoted(Octets.part(bytes, from, from + field.size));
    }
}
