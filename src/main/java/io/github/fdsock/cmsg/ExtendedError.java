package io.github.fdsock.cmsg;

import static io.github.fdsock.sys.Constants.SO_EE_CODE_ZEROCOPY_COPIED;
import static io.github.fdsock.sys.Constants.SO_EE_ORIGIN_TIMESTAMPING;
import static io.github.fdsock.sys.Constants.SO_EE_ORIGIN_TXTIME;
import static io.github.fdsock.sys.Constants.SO_EE_ORIGIN_ZEROCOPY;

import java.net.InetAddress;

/// `struct sock_extended_err`: one entry of a socket's error queue, read with `MSG_ERRQUEUE`.
///
/// What it is about is told by its origin: an ICMP message or a local error (with [#errno] and [#offender]), the time
/// stamp of a packet sent earlier ([#isTimestamp]), the end of transmissions with `MSG_ZEROCOPY` ([#isZeroCopy]), or a
/// packet that missed its time to be sent ([#isTxTime]). The numbers of packets and transmissions are unsigned and wrap
/// around after 2^32 - 1.
///
/// @param errno the error; `ENOMSG` for a time stamp, 0 for transmissions that are over
/// @param origin `SO_EE_ORIGIN_LOCAL`, `SO_EE_ORIGIN_ICMP`, …
/// @param type the type of the ICMP message
/// @param code the code of the ICMP message, or `SO_EE_CODE_…`
/// @param info the MTU with `EMSGSIZE`; else as the methods have it
/// @param data as the methods have it
/// @param offender who reported it; null where nobody did
/// @see <a href="https://man7.org/linux/man-pages/man7/ip.7.html">ip(7)</a>
public record ExtendedError(int errno, int origin, int type, int code, int info, int data, InetAddress offender) {

    /// Whether it tells that transmissions with `MSG_ZEROCOPY` are over, and the memory that they sent from is free.
    ///
    /// @return whether [#first], [#last] and [#copied] mean something
    public boolean isZeroCopy() {
        return origin == SO_EE_ORIGIN_ZEROCOPY;
    }

    /// The first of the transmissions that are over: each send with `MSG_ZEROCOPY` that took at least a byte counts
    /// one, from 0.
    ///
    /// @return its number, of 32 bits
    public long first() {
        return Integer.toUnsignedLong(info);
    }

    /// The last of them; below [#first] where the count has wrapped around in between.
    ///
    /// @return its number, of 32 bits
    public long last() {
        return Integer.toUnsignedLong(data);
    }

    /// `SO_EE_CODE_ZEROCOPY_COPIED`: whether the kernel has copied after all, so that `MSG_ZEROCOPY` only costs. On the
    /// loopback interface it always does.
    ///
    /// @return whether it was copied
    public boolean copied() {
        return isZeroCopy() && (code & SO_EE_CODE_ZEROCOPY_COPIED) != 0;
    }

    /// Whether it goes with the [PacketTimes] of a packet that was sent.
    ///
    /// @return whether [#timestampType] and [#timestampId] mean something
    public boolean isTimestamp() {
        return origin == SO_EE_ORIGIN_TIMESTAMPING;
    }

    /// Where on its way the packet was at that time.
    ///
    /// @return `SCM_TSTAMP_SCHED`, `SCM_TSTAMP_SND` or `SCM_TSTAMP_ACK`
    public int timestampType() {
        return info;
    }

    /// Which packet it was, with `SOF_TIMESTAMPING_OPT_ID`: they are counted from 0, on a stream by bytes.
    ///
    /// @return its number, of 32 bits
    public long timestampId() {
        return Integer.toUnsignedLong(data);
    }

    /// Whether a packet with `SCM_TXTIME` was dropped, and [#code] says why (`SO_EE_CODE_TXTIME_MISSED`, …).
    ///
    /// @return whether [#txTimeNanos] means something
    public boolean isTxTime() {
        return origin == SO_EE_ORIGIN_TXTIME;
    }

    /// The time at which that packet was to be sent.
    ///
    /// @return nanoseconds, by the clock of `SO_TXTIME`
    public long txTimeNanos() {
        return Integer.toUnsignedLong(data) << Integer.SIZE | Integer.toUnsignedLong(info);
    }
}
