package io.github.fdsock.sys.struct;

import static io.github.fdsock.sys.struct.Bytes.U16;
import static io.github.fdsock.sys.struct.Bytes.U32;
import static io.github.fdsock.sys.struct.Bytes.U64;
import static io.github.fdsock.sys.struct.Bytes.U8;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// `struct tcp_info`: what the kernel knows of a TCP connection (`TCP_INFO`).
///
/// ```c
/// struct tcp_info {
///     __u8  tcpi_state;                        //   0   __u64 tcpi_pacing_rate;          // 104
///     __u8  tcpi_ca_state;                     //   1   __u64 tcpi_max_pacing_rate;      // 112
///     __u8  tcpi_retransmits;                  //   2   __u64 tcpi_bytes_acked;          // 120
///     __u8  tcpi_probes;                       //   3   __u64 tcpi_bytes_received;       // 128
///     __u8  tcpi_backoff;                      //   4   __u32 tcpi_segs_out;             // 136
///     __u8  tcpi_options;                      //   5   __u32 tcpi_segs_in;              // 140
///     __u8  tcpi_snd_wscale : 4;               //   6   __u32 tcpi_notsent_bytes;        // 144
///     __u8  tcpi_rcv_wscale : 4;               //   6   __u32 tcpi_min_rtt;              // 148
///     __u8  tcpi_delivery_rate_app_limited : 1; //   7   __u32 tcpi_data_segs_in;         // 152
///     __u8  tcpi_fastopen_client_fail : 2;     //   7   __u32 tcpi_data_segs_out;        // 156
///     __u32 tcpi_rto;                          //   8   __u64 tcpi_delivery_rate;        // 160
///     __u32 tcpi_ato;                          //  12   __u64 tcpi_busy_time;            // 168
///     __u32 tcpi_snd_mss;                      //  16   __u64 tcpi_rwnd_limited;         // 176
///     __u32 tcpi_rcv_mss;                      //  20   __u64 tcpi_sndbuf_limited;       // 184
///     __u32 tcpi_unacked;                      //  24   __u32 tcpi_delivered;            // 192
///     __u32 tcpi_sacked;                       //  28   __u32 tcpi_delivered_ce;         // 196
///     __u32 tcpi_lost;                         //  32   __u64 tcpi_bytes_sent;           // 200
///     __u32 tcpi_retrans;                      //  36   __u64 tcpi_bytes_retrans;        // 208
///     __u32 tcpi_fackets;                      //  40   __u32 tcpi_dsack_dups;           // 216
///     __u32 tcpi_last_data_sent;               //  44   __u32 tcpi_reord_seen;           // 220
///     __u32 tcpi_last_ack_sent;                //  48   __u32 tcpi_rcv_ooopack;          // 224
///     __u32 tcpi_last_data_recv;               //  52   __u32 tcpi_snd_wnd;              // 228
///     __u32 tcpi_last_ack_recv;                //  56   __u32 tcpi_rcv_wnd;              // 232
///     __u32 tcpi_pmtu;                         //  60   __u32 tcpi_rehash;               // 236
///     __u32 tcpi_rcv_ssthresh;                 //  64   __u16 tcpi_total_rto;            // 240
///     __u32 tcpi_rtt;                          //  68   __u16 tcpi_total_rto_recoveries; // 242
///     __u32 tcpi_rttvar;                       //  72   __u32 tcpi_total_rto_time;       // 244
///     __u32 tcpi_snd_ssthresh;                 //  76   __u32 tcpi_received_ce;          // 248
///     __u32 tcpi_snd_cwnd;                     //  80   __u32 tcpi_delivered_e1_bytes;   // 252
///     __u32 tcpi_advmss;                       //  84   __u32 tcpi_delivered_e0_bytes;   // 256
///     __u32 tcpi_reordering;                   //  88   __u32 tcpi_delivered_ce_bytes;   // 260
///     __u32 tcpi_rcv_rtt;                      //  92   __u32 tcpi_received_e1_bytes;    // 264
///     __u32 tcpi_rcv_space;                    //  96   __u32 tcpi_received_e0_bytes;    // 268
///     __u32 tcpi_total_retrans;                // 100   __u32 tcpi_received_ce_bytes;    // 272
/// };                                              // 280 as of Linux 6.18
/// ```
///
/// Grows with the kernel, at the end: `getsockopt` stores in `optlen` how much there is, [#length] has to be told, and
/// a field beyond it reads as 0. [#has] tells such a 0 from one that the kernel wrote. A kernel newer than this class
/// stores what has room, and no more.
///
/// Unsigned fields of 32 bits are an `int` with the same bits, those of 64 bits a `long`.
///
/// Without a method of their own are the four bytes from 276 on: two 16-bit numbers in Linux 6.18
/// (`tcpi_accecn_fail_mode`, `tcpi_accecn_opt_seen`), other things in other bits since 7.0, and nothing tells which.
///
/// @see <a href="https://man7.org/linux/man-pages/man7/tcp.7.html">tcp(7)</a>
public final class TcpInfo {
    /// The size of the longest one this class knows.
    public static final int SIZEOF = 280;

    /// Where `tcpi_state` lies, for [#has].
    public static final int STATE = 0;
    /// Where `tcpi_ca_state` lies, for [#has].
    public static final int CA_STATE = 1;
    /// Where `tcpi_retransmits` lies, for [#has].
    public static final int RETRANSMITS = 2;
    /// Where `tcpi_probes` lies, for [#has].
    public static final int PROBES = 3;
    /// Where `tcpi_backoff` lies, for [#has].
    public static final int BACKOFF = 4;
    /// Where `tcpi_options` lies, for [#has].
    public static final int OPTIONS = 5;
    /// Where `tcpi_rto` lies, for [#has].
    public static final int RTO = 8;
    /// Where `tcpi_ato` lies, for [#has].
    public static final int ATO = 12;
    /// Where `tcpi_snd_mss` lies, for [#has].
    public static final int SND_MSS = 16;
    /// Where `tcpi_rcv_mss` lies, for [#has].
    public static final int RCV_MSS = 20;
    /// Where `tcpi_unacked` lies, for [#has].
    public static final int UNACKED = 24;
    /// Where `tcpi_sacked` lies, for [#has].
    public static final int SACKED = 28;
    /// Where `tcpi_lost` lies, for [#has].
    public static final int LOST = 32;
    /// Where `tcpi_retrans` lies, for [#has].
    public static final int RETRANS = 36;
    /// Where `tcpi_fackets` lies, for [#has].
    public static final int FACKETS = 40;
    /// Where `tcpi_last_data_sent` lies, for [#has].
    public static final int LAST_DATA_SENT = 44;
    /// Where `tcpi_last_ack_sent` lies, for [#has].
    public static final int LAST_ACK_SENT = 48;
    /// Where `tcpi_last_data_recv` lies, for [#has].
    public static final int LAST_DATA_RECV = 52;
    /// Where `tcpi_last_ack_recv` lies, for [#has].
    public static final int LAST_ACK_RECV = 56;
    /// Where `tcpi_pmtu` lies, for [#has].
    public static final int PMTU = 60;
    /// Where `tcpi_rcv_ssthresh` lies, for [#has].
    public static final int RCV_SSTHRESH = 64;
    /// Where `tcpi_rtt` lies, for [#has].
    public static final int RTT = 68;
    /// Where `tcpi_rttvar` lies, for [#has].
    public static final int RTTVAR = 72;
    /// Where `tcpi_snd_ssthresh` lies, for [#has].
    public static final int SND_SSTHRESH = 76;
    /// Where `tcpi_snd_cwnd` lies, for [#has].
    public static final int SND_CWND = 80;
    /// Where `tcpi_advmss` lies, for [#has].
    public static final int ADVMSS = 84;
    /// Where `tcpi_reordering` lies, for [#has].
    public static final int REORDERING = 88;
    /// Where `tcpi_rcv_rtt` lies, for [#has].
    public static final int RCV_RTT = 92;
    /// Where `tcpi_rcv_space` lies, for [#has].
    public static final int RCV_SPACE = 96;
    /// Where `tcpi_total_retrans` lies, for [#has].
    public static final int TOTAL_RETRANS = 100;
    /// Where `tcpi_pacing_rate` lies, for [#has].
    public static final int PACING_RATE = 104;
    /// Where `tcpi_max_pacing_rate` lies, for [#has].
    public static final int MAX_PACING_RATE = 112;
    /// Where `tcpi_bytes_acked` lies, for [#has].
    public static final int BYTES_ACKED = 120;
    /// Where `tcpi_bytes_received` lies, for [#has].
    public static final int BYTES_RECEIVED = 128;
    /// Where `tcpi_segs_out` lies, for [#has].
    public static final int SEGS_OUT = 136;
    /// Where `tcpi_segs_in` lies, for [#has].
    public static final int SEGS_IN = 140;
    /// Where `tcpi_notsent_bytes` lies, for [#has].
    public static final int NOTSENT_BYTES = 144;
    /// Where `tcpi_min_rtt` lies, for [#has].
    public static final int MIN_RTT = 148;
    /// Where `tcpi_data_segs_in` lies, for [#has].
    public static final int DATA_SEGS_IN = 152;
    /// Where `tcpi_data_segs_out` lies, for [#has].
    public static final int DATA_SEGS_OUT = 156;
    /// Where `tcpi_delivery_rate` lies, for [#has].
    public static final int DELIVERY_RATE = 160;
    /// Where `tcpi_busy_time` lies, for [#has].
    public static final int BUSY_TIME = 168;
    /// Where `tcpi_rwnd_limited` lies, for [#has].
    public static final int RWND_LIMITED = 176;
    /// Where `tcpi_sndbuf_limited` lies, for [#has].
    public static final int SNDBUF_LIMITED = 184;
    /// Where `tcpi_delivered` lies, for [#has].
    public static final int DELIVERED = 192;
    /// Where `tcpi_delivered_ce` lies, for [#has].
    public static final int DELIVERED_CE = 196;
    /// Where `tcpi_bytes_sent` lies, for [#has].
    public static final int BYTES_SENT = 200;
    /// Where `tcpi_bytes_retrans` lies, for [#has].
    public static final int BYTES_RETRANS = 208;
    /// Where `tcpi_dsack_dups` lies, for [#has].
    public static final int DSACK_DUPS = 216;
    /// Where `tcpi_reord_seen` lies, for [#has].
    public static final int REORD_SEEN = 220;
    /// Where `tcpi_rcv_ooopack` lies, for [#has].
    public static final int RCV_OOOPACK = 224;
    /// Where `tcpi_snd_wnd` lies, for [#has].
    public static final int SND_WND = 228;
    /// Where `tcpi_rcv_wnd` lies, for [#has].
    public static final int RCV_WND = 232;
    /// Where `tcpi_rehash` lies, for [#has].
    public static final int REHASH = 236;
    /// Where `tcpi_total_rto` lies, for [#has].
    public static final int TOTAL_RTO = 240;
    /// Where `tcpi_total_rto_recoveries` lies, for [#has].
    public static final int TOTAL_RTO_RECOVERIES = 242;
    /// Where `tcpi_total_rto_time` lies, for [#has].
    public static final int TOTAL_RTO_TIME = 244;
    /// Where `tcpi_received_ce` lies, for [#has].
    public static final int RECEIVED_CE = 248;
    /// Where `tcpi_delivered_e1_bytes` lies, for [#has].
    public static final int DELIVERED_E1_BYTES = 252;
    /// Where `tcpi_delivered_e0_bytes` lies, for [#has].
    public static final int DELIVERED_E0_BYTES = 256;
    /// Where `tcpi_delivered_ce_bytes` lies, for [#has].
    public static final int DELIVERED_CE_BYTES = 260;
    /// Where `tcpi_received_e1_bytes` lies, for [#has].
    public static final int RECEIVED_E1_BYTES = 264;
    /// Where `tcpi_received_e0_bytes` lies, for [#has].
    public static final int RECEIVED_E0_BYTES = 268;
    /// Where `tcpi_received_ce_bytes` lies, for [#has].
    public static final int RECEIVED_CE_BYTES = 272;

    static final int WSCALE = 6;
    static final int BITS = 7;

    private final MemorySegment segment;
    private int length;

    private TcpInfo(final MemorySegment segment) {
        this.segment = Bytes.struct("tcp_info", segment, SIZEOF);
    }

    /// A new one, zero, and of length 0.
    ///
    /// @param arena what it lives as long as
    /// @return the view
    public static TcpInfo allocate(final Arena arena) {
        return new TcpInfo(arena.allocate(SIZEOF, Long.BYTES));
    }

    /// A view of memory that is there, of length 0.
    ///
    /// @param segment at least [#SIZEOF] bytes, of which the first are meant
    /// @return the view
    public static TcpInfo of(final MemorySegment segment) {
        return new TcpInfo(segment);
    }

    /// The memory.
    ///
    /// @return [#SIZEOF] bytes
    public MemorySegment segment() {
        return segment;
    }

    /// How much of it the kernel has written.
    ///
    /// @return in bytes
    public int length() {
        return length;
    }

    /// Says how much of it the kernel has written.
    ///
    /// @param length what `getsockopt` stored in `optlen`, 0 to [#SIZEOF]
    /// @return this
    /// @throws IndexOutOfBoundsException for any other length
    public TcpInfo length(final int length) {
        if (length < 0 || length > SIZEOF) {
            throw new IndexOutOfBoundsException("a struct tcp_info of " + length + " bytes in a segment of " + SIZEOF);
        }
        this.length = length;
        return this;
    }

    /// Whether the kernel knows a field.
    ///
    /// @param field one of the constants of this class
    /// @return whether it lies within [#length]
    public boolean has(final int field) {
        return field < length;
    }

    private int u8(final int field) {
        return field + Byte.BYTES <= length ? Byte.toUnsignedInt(segment.get(U8, field)) : 0;
    }

    private int u16(final int field) {
        return field + Short.BYTES <= length ? Short.toUnsignedInt(segment.get(U16, field)) : 0;
    }

    private int u32(final int field) {
        return field + Integer.BYTES <= length ? segment.get(U32, field) : 0;
    }

    private long u64(final int field) {
        return field + Long.BYTES <= length ? segment.get(U64, field) : 0;
    }

    /// Reads `tcpi_state`.
    ///
    /// @return the state, `TCP_ESTABLISHED` (1) to `TCP_CLOSING` (11)
    public int state() {
        return u8(STATE);
    }

    /// Reads `tcpi_ca_state`.
    ///
    /// @return the state of congestion control: 0 open, 1 disorder, 2 CWR, 3 recovery, 4 loss
    public int ca_state() {
        return u8(CA_STATE);
    }

    /// Reads `tcpi_retransmits`.
    ///
    /// @return how often the oldest segment not acknowledged was sent again by timeout, just now
    public int retransmits() {
        return u8(RETRANSMITS);
    }

    /// Reads `tcpi_probes`.
    ///
    /// @return how many probes of a closed window or of an idle peer are unanswered
    public int probes() {
        return u8(PROBES);
    }

    /// Reads `tcpi_backoff`.
    ///
    /// @return how often the retransmission timeout was doubled
    public int backoff() {
        return u8(BACKOFF);
    }

    /// Reads `tcpi_options`.
    ///
    /// @return what was agreed on, `TCPI_OPT_TIMESTAMPS` and so on
    public int options() {
        return u8(OPTIONS);
    }

    /// Reads `tcpi_snd_wscale`.
    ///
    /// @return the peer's window scale, a power of two
    public int snd_wscale() {
        return u8(WSCALE) & 0xf;
    }

    /// Reads `tcpi_rcv_wscale`.
    ///
    /// @return the own window scale, a power of two
    public int rcv_wscale() {
        return u8(WSCALE) >> 4;
    }

    /// Reads `tcpi_delivery_rate_app_limited`.
    ///
    /// @return whether [#delivery_rate] was limited by the application rather than the path
    public boolean delivery_rate_app_limited() {
        return (u8(BITS) & 1) != 0;
    }

    /// Reads `tcpi_fastopen_client_fail`.
    ///
    /// @return why TCP Fast Open failed: 0 it did not, 1 no cookie, 2 data not acknowledged, 3 SYN sent again
    public int fastopen_client_fail() {
        return u8(BITS) >> 1 & 3;
    }

    /// Reads `tcpi_rto`.
    ///
    /// @return the retransmission timeout, microseconds
    public int rto() {
        return u32(RTO);
    }

    /// Reads `tcpi_ato`.
    ///
    /// @return the timeout of delayed acknowledgements, microseconds
    public int ato() {
        return u32(ATO);
    }

    /// Reads `tcpi_snd_mss`.
    ///
    /// @return the size of segments sent, bytes
    public int snd_mss() {
        return u32(SND_MSS);
    }

    /// Reads `tcpi_rcv_mss`.
    ///
    /// @return the size of segments received, estimated, bytes
    public int rcv_mss() {
        return u32(RCV_MSS);
    }

    /// Reads `tcpi_unacked`.
    ///
    /// @return segments sent and not acknowledged; of a listener, connections that wait to be accepted
    public int unacked() {
        return u32(UNACKED);
    }

    /// Reads `tcpi_sacked`.
    ///
    /// @return segments acknowledged selectively; of a listener, the most that may wait (the backlog)
    public int sacked() {
        return u32(SACKED);
    }

    /// Reads `tcpi_lost`.
    ///
    /// @return segments taken for lost
    public int lost() {
        return u32(LOST);
    }

    /// Reads `tcpi_retrans`.
    ///
    /// @return segments sent again and not acknowledged yet
    public int retrans() {
        return u32(RETRANS);
    }

    /// Reads `tcpi_fackets`.
    ///
    /// @return always 0 since Linux 4.15
    public int fackets() {
        return u32(FACKETS);
    }

    /// Reads `tcpi_last_data_sent`.
    ///
    /// @return how long ago data was sent, milliseconds
    public int last_data_sent() {
        return u32(LAST_DATA_SENT);
    }

    /// Reads `tcpi_last_ack_sent`.
    ///
    /// @return always 0: Linux does not remember
    public int last_ack_sent() {
        return u32(LAST_ACK_SENT);
    }

    /// Reads `tcpi_last_data_recv`.
    ///
    /// @return how long ago data came, milliseconds
    public int last_data_recv() {
        return u32(LAST_DATA_RECV);
    }

    /// Reads `tcpi_last_ack_recv`.
    ///
    /// @return how long ago an acknowledgement came, milliseconds
    public int last_ack_recv() {
        return u32(LAST_ACK_RECV);
    }

    /// Reads `tcpi_pmtu`.
    ///
    /// @return the path MTU, bytes
    public int pmtu() {
        return u32(PMTU);
    }

    /// Reads `tcpi_rcv_ssthresh`.
    ///
    /// @return the threshold of the receive window, bytes
    public int rcv_ssthresh() {
        return u32(RCV_SSTHRESH);
    }

    /// Reads `tcpi_rtt`.
    ///
    /// @return the round-trip time, smoothed, microseconds
    public int rtt() {
        return u32(RTT);
    }

    /// Reads `tcpi_rttvar`.
    ///
    /// @return its mean deviation, microseconds
    public int rttvar() {
        return u32(RTTVAR);
    }

    /// Reads `tcpi_snd_ssthresh`.
    ///
    /// @return the slow-start threshold, segments; 2147483647 while unknown
    public int snd_ssthresh() {
        return u32(SND_SSTHRESH);
    }

    /// Reads `tcpi_snd_cwnd`.
    ///
    /// @return the congestion window, segments
    public int snd_cwnd() {
        return u32(SND_CWND);
    }

    /// Reads `tcpi_advmss`.
    ///
    /// @return the segment size announced to the peer, bytes
    public int advmss() {
        return u32(ADVMSS);
    }

    /// Reads `tcpi_reordering`.
    ///
    /// @return how far segments overtake one another, segments
    public int reordering() {
        return u32(REORDERING);
    }

    /// Reads `tcpi_rcv_rtt`.
    ///
    /// @return the round-trip time as the receiver sees it, microseconds
    public int rcv_rtt() {
        return u32(RCV_RTT);
    }

    /// Reads `tcpi_rcv_space`.
    ///
    /// @return what the application reads in a round trip, bytes
    public int rcv_space() {
        return u32(RCV_SPACE);
    }

    /// Reads `tcpi_total_retrans`.
    ///
    /// @return segments sent again, in all
    public int total_retrans() {
        return u32(TOTAL_RETRANS);
    }

    /// Reads `tcpi_pacing_rate`.
    ///
    /// @return the pacing, bytes a second; -1 for no limit
    public long pacing_rate() {
        return u64(PACING_RATE);
    }

    /// Reads `tcpi_max_pacing_rate`.
    ///
    /// @return its limit (`SO_MAX_PACING_RATE`), bytes a second; -1 for none
    public long max_pacing_rate() {
        return u64(MAX_PACING_RATE);
    }

    /// Reads `tcpi_bytes_acked`.
    ///
    /// @return bytes sent that were acknowledged
    public long bytes_acked() {
        return u64(BYTES_ACKED);
    }

    /// Reads `tcpi_bytes_received`.
    ///
    /// @return bytes received, and acknowledged
    public long bytes_received() {
        return u64(BYTES_RECEIVED);
    }

    /// Reads `tcpi_segs_out`.
    ///
    /// @return segments sent
    public int segs_out() {
        return u32(SEGS_OUT);
    }

    /// Reads `tcpi_segs_in`.
    ///
    /// @return segments received
    public int segs_in() {
        return u32(SEGS_IN);
    }

    /// Reads `tcpi_notsent_bytes`.
    ///
    /// @return bytes in the send queue that were not sent even once
    public int notsent_bytes() {
        return u32(NOTSENT_BYTES);
    }

    /// Reads `tcpi_min_rtt`.
    ///
    /// @return the least round-trip time, microseconds; 4294967295 (-1) while unknown
    public int min_rtt() {
        return u32(MIN_RTT);
    }

    /// Reads `tcpi_data_segs_in`.
    ///
    /// @return segments with data received
    public int data_segs_in() {
        return u32(DATA_SEGS_IN);
    }

    /// Reads `tcpi_data_segs_out`.
    ///
    /// @return segments with data sent
    public int data_segs_out() {
        return u32(DATA_SEGS_OUT);
    }

    /// Reads `tcpi_delivery_rate`.
    ///
    /// @return how fast data was delivered most recently, bytes a second
    public long delivery_rate() {
        return u64(DELIVERY_RATE);
    }

    /// Reads `tcpi_busy_time`.
    ///
    /// @return how long there was data to send, microseconds
    public long busy_time() {
        return u64(BUSY_TIME);
    }

    /// Reads `tcpi_rwnd_limited`.
    ///
    /// @return how long the peer's window was what held it up, microseconds
    public long rwnd_limited() {
        return u64(RWND_LIMITED);
    }

    /// Reads `tcpi_sndbuf_limited`.
    ///
    /// @return how long the send buffer was what held it up, microseconds
    public long sndbuf_limited() {
        return u64(SNDBUF_LIMITED);
    }

    /// Reads `tcpi_delivered`.
    ///
    /// @return segments delivered, those sent again included
    public int delivered() {
        return u32(DELIVERED);
    }

    /// Reads `tcpi_delivered_ce`.
    ///
    /// @return of them, those acknowledged with a congestion mark
    public int delivered_ce() {
        return u32(DELIVERED_CE);
    }

    /// Reads `tcpi_bytes_sent`.
    ///
    /// @return bytes sent, those sent again included
    public long bytes_sent() {
        return u64(BYTES_SENT);
    }

    /// Reads `tcpi_bytes_retrans`.
    ///
    /// @return bytes sent again
    public long bytes_retrans() {
        return u64(BYTES_RETRANS);
    }

    /// Reads `tcpi_dsack_dups`.
    ///
    /// @return duplicates that the peer reported
    public int dsack_dups() {
        return u32(DSACK_DUPS);
    }

    /// Reads `tcpi_reord_seen`.
    ///
    /// @return how often segments overtook one another
    public int reord_seen() {
        return u32(REORD_SEEN);
    }

    /// Reads `tcpi_rcv_ooopack`.
    ///
    /// @return segments received out of order
    public int rcv_ooopack() {
        return u32(RCV_OOOPACK);
    }

    /// Reads `tcpi_snd_wnd`.
    ///
    /// @return the window that the peer announced, scaled, bytes
    public int snd_wnd() {
        return u32(SND_WND);
    }

    /// Reads `tcpi_rcv_wnd`.
    ///
    /// @return the window announced to the peer, scaled, bytes (Linux 6.2)
    public int rcv_wnd() {
        return u32(RCV_WND);
    }

    /// Reads `tcpi_rehash`.
    ///
    /// @return how often another path was tried (Linux 6.2)
    public int rehash() {
        return u32(REHASH);
    }

    /// Reads `tcpi_total_rto`.
    ///
    /// @return retransmission timeouts, those of the handshake included (Linux 6.7)
    public int total_rto() {
        return u16(TOTAL_RTO);
    }

    /// Reads `tcpi_total_rto_recoveries`.
    ///
    /// @return recoveries from such timeouts (Linux 6.7)
    public int total_rto_recoveries() {
        return u16(TOTAL_RTO_RECOVERIES);
    }

    /// Reads `tcpi_total_rto_time`.
    ///
    /// @return the time they took, milliseconds (Linux 6.7)
    public int total_rto_time() {
        return u32(TOTAL_RTO_TIME);
    }

    /// Reads `tcpi_received_ce`.
    ///
    /// @return congestion marks received (Linux 6.18)
    public int received_ce() {
        return u32(RECEIVED_CE);
    }

    /// Reads `tcpi_delivered_e1_bytes`.
    ///
    /// @return bytes delivered with ECT(1), as the peer counted (Linux 6.18)
    public int delivered_e1_bytes() {
        return u32(DELIVERED_E1_BYTES);
    }

    /// Reads `tcpi_delivered_e0_bytes`.
    ///
    /// @return bytes delivered with ECT(0), as the peer counted (Linux 6.18)
    public int delivered_e0_bytes() {
        return u32(DELIVERED_E0_BYTES);
    }

    /// Reads `tcpi_delivered_ce_bytes`.
    ///
    /// @return bytes delivered with a congestion mark, as the peer counted (Linux 6.18)
    public int delivered_ce_bytes() {
        return u32(DELIVERED_CE_BYTES);
    }

    /// Reads `tcpi_received_e1_bytes`.
    ///
    /// @return bytes received with ECT(1) (Linux 6.18)
    public int received_e1_bytes() {
        return u32(RECEIVED_E1_BYTES);
    }

    /// Reads `tcpi_received_e0_bytes`.
    ///
    /// @return bytes received with ECT(0) (Linux 6.18)
    public int received_e0_bytes() {
        return u32(RECEIVED_E0_BYTES);
    }

    /// Reads `tcpi_received_ce_bytes`.
    ///
    /// @return bytes received with a congestion mark (Linux 6.18)
    public int received_ce_bytes() {
        return u32(RECEIVED_CE_BYTES);
    }
}
