package io.github.fdsock.option;

import static io.github.fdsock.sys.struct.TcpInfo.*;

import java.lang.foreign.MemorySegment;

/// `struct tcp_info`: what the kernel knows of a TCP connection at one moment, the value of [SockOpt#TCP_INFO].
///
/// The components are named like the fields of the struct, without `tcpi_`. The struct grows with the kernel: a number
/// that the running one does not tell yet is **-1** here. No number that it does tell is negative: unsigned ones of 32
/// bits are a `long`.
///
/// Counters go round at their width, most of them at 2^32. The kernel takes this picture while it holds the socket, so
/// that the numbers fit one another.
///
/// @param length how many bytes the kernel gave: what lies beyond them it does not know
/// @param state the state of the connection
/// @param caState the state of congestion control
/// @param retransmits how often the oldest segment that is not acknowledged was sent again by timeout
/// @param probes how many probes of a closed window, or of an idle peer, are unanswered
/// @param backoff how often the timeout was doubled
/// @param options what both ends agreed on, `TCPI_OPT_…`, see [#has]
/// @param sndWscale the peer's window scale, the exponent of a power of two
/// @param rcvWscale our window scale, likewise
/// @param deliveryRateAppLimited whether `deliveryRate` was limited by us, who had no more to send
/// @param fastopenClientFail why fast open failed: 0 it did not, 1 no cookie, 2 data not acknowledged, 3 SYN sent
///        again
/// @param rto the retransmission timeout, µs
/// @param ato how long an acknowledgement may be delayed, µs
/// @param sndMss the largest segment that is sent, bytes
/// @param rcvMss the largest segment that came, estimated, bytes
/// @param unacked segments sent and not acknowledged; where it listens, connections that wait to be accepted
/// @param sacked segments acknowledged selectively; where it listens, the backlog
/// @param lost segments held to be lost
/// @param retrans segments sent again and not acknowledged
/// @param fackets 0 since Linux 4.15
/// @param lastDataSent how long ago data was sent, ms
/// @param lastAckSent 0: Linux does not remember it
/// @param lastDataRecv how long ago data came, ms
/// @param lastAckRecv how long ago an acknowledgement came, ms
/// @param pmtu the MTU of the path, bytes
/// @param rcvSsthresh how far the receive window may open for now, bytes
/// @param rtt the round-trip time, smoothed, µs
/// @param rttvar its mean deviation, µs
/// @param sndSsthresh the threshold of slow start, segments; 2147483647 while there is none
/// @param sndCwnd the congestion window, segments
/// @param advmss the segment size that we announced, bytes
/// @param reordering how far segments overtake one another, segments
/// @param rcvRtt the round-trip time as the receiver sees it, µs
/// @param rcvSpace what we read in a round trip, bytes
/// @param totalRetrans segments sent again, in all
/// @param pacingRate how fast is sent at most, bytes a second; `Long.MAX_VALUE` without limit
/// @param maxPacingRate the limit of that ([SockOpt#SO_MAX_PACING_RATE]), bytes a second; `Long.MAX_VALUE` for none
/// @param bytesAcked bytes sent that were acknowledged, SYN and FIN counted in
/// @param bytesReceived bytes received
/// @param segsOut segments sent
/// @param segsIn segments received
/// @param notsentBytes bytes in the send queue that were not sent yet
/// @param minRtt the least round-trip time, µs; 4294967295 while there is none
/// @param dataSegsIn segments with data received
/// @param dataSegsOut segments with data sent
/// @param deliveryRate how fast data was delivered most recently, bytes a second
/// @param busyTime how long there was data to send, µs
/// @param rwndLimited how long the peer's window held it up, µs
/// @param sndbufLimited how long the send buffer held it up, µs
/// @param delivered segments delivered, repeated ones counted in (Linux 4.18)
/// @param deliveredCe of them, those acknowledged with a congestion mark (4.18)
/// @param bytesSent bytes sent, repeated ones counted in (4.19)
/// @param bytesRetrans bytes sent again (4.19)
/// @param dsackDups duplicates that the peer reported (4.19)
/// @param reordSeen how often segments overtook one another (4.19)
/// @param rcvOoopack segments received out of order (5.4)
/// @param sndWnd the window that the peer announced, bytes (5.4)
/// @param rcvWnd the window that we announced, bytes (6.2)
/// @param rehash how often another path was tried (6.2)
/// @param totalRto how often the timeout ran out, the handshake's counted in (6.7)
/// @param totalRtoRecoveries how often that was recovered from (6.7)
/// @param totalRtoTime how long recovering took, ms (6.7)
/// @param receivedCe congestion marks received (this and what follows: 6.18)
/// @param deliveredE1Bytes bytes delivered with ECT(1), as the peer counts
/// @param deliveredE0Bytes bytes delivered with ECT(0), as the peer counts
/// @param deliveredCeBytes bytes delivered with a congestion mark, as the peer counts
/// @param receivedE1Bytes bytes received with ECT(1)
/// @param receivedE0Bytes bytes received with ECT(0)
/// @param receivedCeBytes bytes received with a congestion mark
/// @see <a href="https://man7.org/linux/man-pages/man7/tcp.7.html">tcp(7)</a>
public record TcpInfo(int length, TcpState state, CaState caState, int retransmits, int probes, int backoff,
        int options, int sndWscale, int rcvWscale, boolean deliveryRateAppLimited, int fastopenClientFail, long rto,
        long ato, long sndMss, long rcvMss, long unacked, long sacked, long lost, long retrans, long fackets,
        long lastDataSent, long lastAckSent, long lastDataRecv, long lastAckRecv, long pmtu, long rcvSsthresh,
        long rtt, long rttvar, long sndSsthresh, long sndCwnd, long advmss, long reordering, long rcvRtt,
        long rcvSpace, long totalRetrans, long pacingRate, long maxPacingRate, long bytesAcked, long bytesReceived,
        long segsOut, long segsIn, long notsentBytes, long minRtt, long dataSegsIn, long dataSegsOut,
        long deliveryRate, long busyTime, long rwndLimited, long sndbufLimited, long delivered, long deliveredCe,
        long bytesSent, long bytesRetrans, long dsackDups, long reordSeen, long rcvOoopack, long sndWnd,
        long rcvWnd, long rehash, int totalRto, int totalRtoRecoveries, long totalRtoTime, long receivedCe,
        long deliveredE1Bytes, long deliveredE0Bytes, long deliveredCeBytes, long receivedE1Bytes,
        long receivedE0Bytes, long receivedCeBytes) {

    /// `tcpi_ca_state`: what the sender makes of acknowledgements that are missing.
    public enum CaState {
        /// Nothing is amiss.
        OPEN,
        /// Something is amiss that may be mere disorder: duplicate or selective acknowledgements.
        DISORDER,
        /// The congestion window is being reduced, because of a mark or of a full queue on this machine.
        CWR,
        /// Lost segments are sent again, fast.
        RECOVERY,
        /// A timeout ran out: all that was in flight counts as lost.
        LOSS,
        /// None of the others: a state of a newer kernel, or not told.
        UNKNOWN;

        private static final CaState[] BY_NUMBER = values();

        private static CaState of(final boolean known, final int number) {
            return known && number < UNKNOWN.ordinal() ? BY_NUMBER[number] : UNKNOWN;
        }
    }

    /// How it lies in `optval`. The room exceeds what this class knows, so that a longer struct has its own length.
    static final OptionType<TcpInfo> TYPE = new OptionType<>(2 * SIZEOF) {
        @Override
        void encode(final TcpInfo value, final MemorySegment to) {
            throw new UnsupportedOperationException("the kernel takes no tcp_info");
        }

        @Override
        TcpInfo decode(final MemorySegment from, final int length) {
            final var in = io.github.fdsock.sys.struct.TcpInfo.of(from).length(Math.min(length, SIZEOF));
            return new TcpInfo(
                    length,
                    TcpState.of(in.state()),
                    CaState.of(in.has(CA_STATE), in.ca_state()),
                    number(in.has(RETRANSMITS), in.retransmits()),
                    number(in.has(PROBES), in.probes()),
                    number(in.has(BACKOFF), in.backoff()),
                    number(in.has(OPTIONS), in.options()),
                    number(in.has(OPTIONS + 1), in.snd_wscale()),
                    number(in.has(OPTIONS + 1), in.rcv_wscale()),
                    in.delivery_rate_app_limited(),
                    number(in.has(OPTIONS + 2), in.fastopen_client_fail()),
                    unsigned(in.has(RTO), in.rto()),
                    unsigned(in.has(ATO), in.ato()),
                    unsigned(in.has(SND_MSS), in.snd_mss()),
                    unsigned(in.has(RCV_MSS), in.rcv_mss()),
                    unsigned(in.has(UNACKED), in.unacked()),
                    unsigned(in.has(SACKED), in.sacked()),
                    unsigned(in.has(LOST), in.lost()),
                    unsigned(in.has(RETRANS), in.retrans()),
                    unsigned(in.has(FACKETS), in.fackets()),
                    unsigned(in.has(LAST_DATA_SENT), in.last_data_sent()),
                    unsigned(in.has(LAST_ACK_SENT), in.last_ack_sent()),
                    unsigned(in.has(LAST_DATA_RECV), in.last_data_recv()),
                    unsigned(in.has(LAST_ACK_RECV), in.last_ack_recv()),
                    unsigned(in.has(PMTU), in.pmtu()),
                    unsigned(in.has(RCV_SSTHRESH), in.rcv_ssthresh()),
                    unsigned(in.has(RTT), in.rtt()),
                    unsigned(in.has(RTTVAR), in.rttvar()),
                    unsigned(in.has(SND_SSTHRESH), in.snd_ssthresh()),
                    unsigned(in.has(SND_CWND), in.snd_cwnd()),
                    unsigned(in.has(ADVMSS), in.advmss()),
                    unsigned(in.has(REORDERING), in.reordering()),
                    unsigned(in.has(RCV_RTT), in.rcv_rtt()),
                    unsigned(in.has(RCV_SPACE), in.rcv_space()),
                    unsigned(in.has(TOTAL_RETRANS), in.total_retrans()),
                    rate(in.has(PACING_RATE), in.pacing_rate()),
                    rate(in.has(MAX_PACING_RATE), in.max_pacing_rate()),
                    number(in.has(BYTES_ACKED), in.bytes_acked()),
                    number(in.has(BYTES_RECEIVED), in.bytes_received()),
                    unsigned(in.has(SEGS_OUT), in.segs_out()),
                    unsigned(in.has(SEGS_IN), in.segs_in()),
                    unsigned(in.has(NOTSENT_BYTES), in.notsent_bytes()),
                    unsigned(in.has(MIN_RTT), in.min_rtt()),
                    unsigned(in.has(DATA_SEGS_IN), in.data_segs_in()),
                    unsigned(in.has(DATA_SEGS_OUT), in.data_segs_out()),
                    number(in.has(DELIVERY_RATE), in.delivery_rate()),
                    number(in.has(BUSY_TIME), in.busy_time()),
                    number(in.has(RWND_LIMITED), in.rwnd_limited()),
                    number(in.has(SNDBUF_LIMITED), in.sndbuf_limited()),
                    unsigned(in.has(DELIVERED), in.delivered()),
                    unsigned(in.has(DELIVERED_CE), in.delivered_ce()),
                    number(in.has(BYTES_SENT), in.bytes_sent()),
                    number(in.has(BYTES_RETRANS), in.bytes_retrans()),
                    unsigned(in.has(DSACK_DUPS), in.dsack_dups()),
                    unsigned(in.has(REORD_SEEN), in.reord_seen()),
                    unsigned(in.has(RCV_OOOPACK), in.rcv_ooopack()),
                    unsigned(in.has(SND_WND), in.snd_wnd()),
                    unsigned(in.has(RCV_WND), in.rcv_wnd()),
                    unsigned(in.has(REHASH), in.rehash()),
                    number(in.has(TOTAL_RTO), in.total_rto()),
                    number(in.has(TOTAL_RTO_RECOVERIES), in.total_rto_recoveries()),
                    unsigned(in.has(TOTAL_RTO_TIME), in.total_rto_time()),
                    unsigned(in.has(RECEIVED_CE), in.received_ce()),
                    unsigned(in.has(DELIVERED_E1_BYTES), in.delivered_e1_bytes()),
                    unsigned(in.has(DELIVERED_E0_BYTES), in.delivered_e0_bytes()),
                    unsigned(in.has(DELIVERED_CE_BYTES), in.delivered_ce_bytes()),
                    unsigned(in.has(RECEIVED_E1_BYTES), in.received_e1_bytes()),
                    unsigned(in.has(RECEIVED_E0_BYTES), in.received_e0_bytes()),
                    unsigned(in.has(RECEIVED_CE_BYTES), in.received_ce_bytes()));
        }
    };

    /// Whether both ends agreed on something.
    ///
    /// @param option `TCPI_OPT_TIMESTAMPS`, `TCPI_OPT_SACK`, `TCPI_OPT_WSCALE`, `TCPI_OPT_ECN`, …
    /// @return whether it is among [#options]
    public boolean has(final int option) {
        return options > 0 && (options & option) == option;
    }

    private static int number(final boolean known, final int value) {
        return known ? value : -1;
    }

    private static long number(final boolean known, final long value) {
        return known ? value : -1;
    }

    private static long unsigned(final boolean known, final int value) {
        return known ? Integer.toUnsignedLong(value) : -1;
    }

    /// All bits set mean that there is no limit.
    private static long rate(final boolean known, final long value) {
        return known && value < 0 ? Long.MAX_VALUE : number(known, value);
    }
}
