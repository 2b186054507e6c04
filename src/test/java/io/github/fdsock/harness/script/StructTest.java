package io.github.fdsock.harness.script;

import static org.assertj.core.api.Assertions.assertThat;

import io.github.fdsock.abi.epoll_event;
import io.github.fdsock.abi.group_req;
import io.github.fdsock.abi.in6_pktinfo;
import io.github.fdsock.abi.in_pktinfo;
import io.github.fdsock.abi.ip_mreqn;
import io.github.fdsock.abi.ipv6_mreq;
import io.github.fdsock.abi.itimerspec;
import io.github.fdsock.abi.linger;
import io.github.fdsock.abi.mmsghdr;
import io.github.fdsock.abi.pollfd;
import io.github.fdsock.abi.rlimit;
import io.github.fdsock.abi.signalfd_siginfo;
import io.github.fdsock.abi.sock_extended_err;
import io.github.fdsock.abi.tcp_info;
import io.github.fdsock.abi.timespec;
import io.github.fdsock.abi.timeval;
import io.github.fdsock.abi.ucred;
import io.github.fdsock.sys.struct.EpollEvents;
import java.lang.foreign.GroupLayout;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemoryLayout.PathElement;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.junit.jupiter.api.Test;

/// The structs of scripts lie as those of C.
class StructTest {
    private static final Map<String, GroupLayout> LAYOUTS = new TreeMap<>();

    static {
        for (GroupLayout layout : List.of(epoll_event.layout(), pollfd.layout(), timespec.layout(), timeval.layout(),
                itimerspec.layout(), linger.layout(), rlimit.layout(), ucred.layout(), ip_mreqn.layout(),
                ipv6_mreq.layout(), group_req.layout(), signalfd_siginfo.layout(), tcp_info.layout(),
                in_pktinfo.layout(), in6_pktinfo.layout(), sock_extended_err.layout())) {
            LAYOUTS.put(layout.name().orElseThrow(), layout);
        }
    }

    /// `name offset size` of each field, as C has them.
    private static List<String> fields(GroupLayout layout) {
        List<String> fields = new ArrayList<>();
        for (MemoryLayout member : layout.memberLayouts()) {
            member.name().filter(name -> !name.startsWith("_") && !name.startsWith("$")).ifPresent(name -> fields.add(
                    name + " " + layout.byteOffset(PathElement.groupElement(name)) + " " + member.byteSize()));
        }
        return fields;
    }

    @Test
    void everyFieldIsWhereCHasIt() {
        assertThat(Struct.all()).extracting(Struct::name).containsAll(LAYOUTS.keySet());
        for (Struct struct : Struct.all()) {
            List<String> fields = new ArrayList<>();
            struct.fields().forEach((name, field) -> fields.add(name + " " + field.offset() + " " + field.size()));
            List<String> expected = fields(LAYOUTS.get(struct.name()));
            if (struct.name().equals("epoll_event") && EpollEvents.SIZEOF != epoll_event.sizeof()) {
                expected = List.of("events 0 4", "data 8 8");
            }
            if (struct.name().equals("sock_extended_err")) {
                // Its union has no name in the header, and what is behind it is no part of it.
                fields.removeIf(field -> field.startsWith("offender 16 "));
                assertThat(fields.removeLast()).isEqualTo("ee_data 12 4");
            } else if (!struct.name().equals("epoll_event")) {
                assertThat(struct.size()).as(struct.name()).isEqualTo((int) LAYOUTS.get(struct.name()).byteSize());
            }
            assertThat(fields).as(struct.name()).isEqualTo(expected);
        }
        assertThat(sock_extended_err.sizeof()).isEqualTo(16);
    }

    @Test
    void theLengthOfAMessageFollowsItsHeader() {
        assertThat(mmsghdr.layout().byteOffset(PathElement.groupElement("msg_len"))).isEqualTo(56);
    }
}
