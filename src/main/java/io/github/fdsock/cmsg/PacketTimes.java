package io.github.fdsock.cmsg;

import java.time.Instant;

/// `struct scm_timestamping`: when a packet was received, or was sent (then with an [ExtendedError] that says which).
///
/// @param software when the kernel saw it; null where it was not asked to tell (`SOF_TIMESTAMPING_SOFTWARE`)
/// @param hardware when the device did, by the device's own clock; null where it did not tell
/// @see <a href="https://docs.kernel.org/networking/timestamping.html">Timestamping</a>
public record PacketTimes(Instant software, Instant hardware) {
}
