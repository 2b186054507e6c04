package io.github.fdsock.sys.struct;

import static java.lang.foreign.MemoryLayout.PathElement.groupElement;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.github.fdsock.abi.sockaddr;
import io.github.fdsock.abi.sockaddr_in;
import io.github.fdsock.abi.sockaddr_in6;
import io.github.fdsock.abi.sockaddr_ll;
import io.github.fdsock.abi.sockaddr_nl;
import io.github.fdsock.abi.sockaddr_storage;
import io.github.fdsock.abi.sockaddr_un;
import io.github.fdsock.abi.sockaddr_vm;
import java.lang.foreign.Arena;
import java.lang.foreign.MemoryLayout;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.HexFormat;
import java.util.function.Consumer;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// The literal offsets are those of the generated layouts, and each accessor reads and writes its own bytes, in the
/// order that C has them in.
class SockaddrTest {

    record Field(String name, MemoryLayout struct, long offset, long size) {

        @Override
        public String toString() {
            return struct.name().orElseThrow() + '.' + name;
        }
    }

    static Field[] fields() {
        return new Field[] {
            new Field("sa_family", sockaddr.layout(), Sockaddr.SA_FAMILY, Sockaddr.SIZEOF_SA_FAMILY),
            new Field("sa_data", sockaddr.layout(), Sockaddr.SA_DATA, 14),
            new Field("ss_family", sockaddr_storage.layout(), Sockaddr.SA_FAMILY, Sockaddr.SIZEOF_SA_FAMILY),
            new Field("sin_family", sockaddr_in.layout(), Sockaddr.SA_FAMILY, 2),
            new Field("sin_port", sockaddr_in.layout(), Sockaddr.SIN_PORT, 2),
            new Field("sin_addr", sockaddr_in.layout(), Sockaddr.SIN_ADDR, 4),
            new Field("sin_zero", sockaddr_in.layout(), Sockaddr.SIN_ZERO, 8),
            new Field("sin6_family", sockaddr_in6.layout(), Sockaddr.SA_FAMILY, 2),
            new Field("sin6_port", sockaddr_in6.layout(), Sockaddr.SIN6_PORT, 2),
            new Field("sin6_flowinfo", sockaddr_in6.layout(), Sockaddr.SIN6_FLOWINFO, 4),
            new Field("sin6_addr", sockaddr_in6.layout(), Sockaddr.SIN6_ADDR, 16),
            new Field("sin6_scope_id", sockaddr_in6.layout(), Sockaddr.SIN6_SCOPE_ID, 4),
            new Field("sun_family", sockaddr_un.layout(), Sockaddr.SA_FAMILY, 2),
            new Field("sun_path", sockaddr_un.layout(), Sockaddr.SUN_PATH, Sockaddr.SIZEOF_SUN_PATH),
            new Field("svm_family", sockaddr_vm.layout(), Sockaddr.SA_FAMILY, 2),
            new Field("svm_reserved1", sockaddr_vm.layout(), Sockaddr.SVM_RESERVED1, 2),
            new Field("svm_port", sockaddr_vm.layout(), Sockaddr.SVM_PORT, 4),
            new Field("svm_cid", sockaddr_vm.layout(), Sockaddr.SVM_CID, 4),
            new Field("svm_flags", sockaddr_vm.layout(), Sockaddr.SVM_FLAGS, 1),
            new Field("svm_zero", sockaddr_vm.layout(), Sockaddr.SVM_ZERO, 3),
            new Field("nl_family", sockaddr_nl.layout(), Sockaddr.SA_FAMILY, 2),
            new Field("nl_pad", sockaddr_nl.layout(), Sockaddr.NL_PAD, 2),
            new Field("nl_pid", sockaddr_nl.layout(), Sockaddr.NL_PID, 4),
            new Field("nl_groups", sockaddr_nl.layout(), Sockaddr.NL_GROUPS, 4),
            new Field("sll_family", sockaddr_ll.layout(), Sockaddr.SA_FAMILY, 2),
            new Field("sll_protocol", sockaddr_ll.layout(), Sockaddr.SLL_PROTOCOL, 2),
            new Field("sll_ifindex", sockaddr_ll.layout(), Sockaddr.SLL_IFINDEX, 4),
            new Field("sll_hatype", sockaddr_ll.layout(), Sockaddr.SLL_HATYPE, 2),
            new Field("sll_pkttype", sockaddr_ll.layout(), Sockaddr.SLL_PKTTYPE, 1),
            new Field("sll_halen", sockaddr_ll.layout(), Sockaddr.SLL_HALEN, 1),
            new Field("sll_addr", sockaddr_ll.layout(), Sockaddr.SLL_ADDR, Sockaddr.SIZEOF_SLL_ADDR),
        };
    }

    @ParameterizedTest
    @MethodSource("fields")
    void offsetsAndSizesOfFieldsAreThoseOfTheLayout(Field field) {
        assertThat(field.struct.byteOffset(groupElement(field.name))).isEqualTo(field.offset);
        assertThat(field.struct.select(groupElement(field.name)).byteSize()).isEqualTo(field.size);
    }

    @Test
    void sizesOfStructsAreThoseOfTheLayouts() {
        assertThat(sockaddr_in.layout().byteSize()).isEqualTo(Sockaddr.SIZEOF_SOCKADDR_IN);
        assertThat(sockaddr_in6.layout().byteSize()).isEqualTo(Sockaddr.SIZEOF_SOCKADDR_IN6);
        assertThat(sockaddr_un.layout().byteSize()).isEqualTo(Sockaddr.SIZEOF_SOCKADDR_UN);
        assertThat(sockaddr_vm.layout().byteSize()).isEqualTo(Sockaddr.SIZEOF_SOCKADDR_VM);
        assertThat(sockaddr_nl.layout().byteSize()).isEqualTo(Sockaddr.SIZEOF_SOCKADDR_NL);
        assertThat(sockaddr_ll.layout().byteSize()).isEqualTo(Sockaddr.SIZEOF_SOCKADDR_LL);
        assertThat(sockaddr_storage.layout().byteSize()).isEqualTo(Sockaddr.SIZEOF_SOCKADDR_STORAGE);
    }

    @Test
    void writesNetworkOrderWhereCKeepsIt() {
        assertThat(written(16, s -> Sockaddr.sin_port(s, 0x1234))).isEqualTo("....1234" + ".".repeat(24));
        assertThat(written(16, s -> Sockaddr.sin_addr(s, 0x7f000001))).isEqualTo("........7f000001" + ".".repeat(16));
        assertThat(written(16, Sockaddr::clear_sin_zero)).isEqualTo(".".repeat(16) + "0000000000000000");
        assertThat(written(28, s -> Sockaddr.sin6_port(s, 0xfedc))).isEqualTo("....fedc" + ".".repeat(48));
        assertThat(written(28, s -> Sockaddr.sin6_flowinfo(s, 0x000fedcb)))
                .isEqualTo("........000fedcb" + ".".repeat(40));
        assertThat(written(28, s -> Sockaddr.sin6_addr(s, 0xfe80000000000000L, 0x123456789abcdefL)))
                .isEqualTo(".".repeat(16) + "fe80000000000000" + "0123456789abcdef" + "........");
        assertThat(written(20, s -> Sockaddr.sll_protocol(s, 0x0003))).isEqualTo("....0003" + ".".repeat(32));
    }

    @Test
    void writesTheMachinesOrderElsewhere() {
        assertThat(written(16, s -> Sockaddr.sa_family(s, 0x1234))).isEqualTo(host16(0x1234) + ".".repeat(28));
        assertThat(written(28, s -> Sockaddr.sin6_scope_id(s, 0x12345678)))
                .isEqualTo(".".repeat(48) + host32(0x12345678));
        assertThat(written(16, s -> Sockaddr.svm_port(s, 0x12345678)))
                .isEqualTo("........" + host32(0x12345678) + ".".repeat(16));
        assertThat(written(16, s -> Sockaddr.svm_cid(s, -2))).isEqualTo(".".repeat(16) + host32(-2) + "........");
        assertThat(written(16, s -> Sockaddr.svm_flags(s, 0x81))).isEqualTo(".".repeat(24) + "81......");
        assertThat(written(16, Sockaddr::clear_svm_zero)).isEqualTo("....0000" + ".".repeat(18) + "000000");
        assertThat(written(12, s -> Sockaddr.nl_pid(s, 0x12345678)))
                .isEqualTo("........" + host32(0x12345678) + "........");
        assertThat(written(12, s -> Sockaddr.nl_groups(s, 0x12345678))).isEqualTo(".".repeat(16) + host32(0x12345678));
        assertThat(written(12, Sockaddr::clear_nl_pad)).isEqualTo("....0000" + ".".repeat(16));
        assertThat(written(20, s -> Sockaddr.sll_ifindex(s, 0x12345678)))
                .isEqualTo("........" + host32(0x12345678) + ".".repeat(24));
        assertThat(written(20, s -> Sockaddr.sll_hatype(s, 0x1234)))
                .isEqualTo(".".repeat(16) + host16(0x1234) + ".".repeat(20));
        assertThat(written(20, s -> Sockaddr.sll_pkttype(s, 0x12))).isEqualTo(".".repeat(20) + "12" + ".".repeat(18));
    }

    @Test
    void writesBytesAsTheyAre() {
        byte[] bytes = HexFormat.of().parseHex("01ff00");
        assertThat(written(5, s -> Sockaddr.sa_data(s, bytes))).isEqualTo("....01ff00");
        assertThat(written(6, s -> Sockaddr.sun_path(s, 1, bytes))).isEqualTo("......01ff00");
        assertThat(written(4, s -> Sockaddr.sun_path(s, 1, (byte) 7))).isEqualTo("......07");
        assertThat(written(20, s -> Sockaddr.sll_addr(s, bytes)))
                .as("what the address leaves of sll_addr is cleared").isEqualTo(".".repeat(22) + "0301ff000000000000");
    }

    @Test
    void readsWhatWasWritten() {
        MemorySegment s = MemorySegment.ofArray(new byte[128]);
        Sockaddr.sa_family(s, 0xffff);
        assertThat(Sockaddr.sa_family(s)).isEqualTo(0xffff);
        Sockaddr.sin_port(s, 0xffff);
        assertThat(Sockaddr.sin_port(s)).isEqualTo(0xffff);
        Sockaddr.sin_addr(s, 0xc0a80102);
        assertThat(Sockaddr.sin_addr(s)).isEqualTo(0xc0a80102);
        Sockaddr.sin6_port(s, 0xfffe);
        assertThat(Sockaddr.sin6_port(s)).isEqualTo(0xfffe);
        Sockaddr.sin6_flowinfo(s, 0xf00fedcb);
        assertThat(Sockaddr.sin6_flowinfo(s)).isEqualTo(0xf00fedcb);
        Sockaddr.sin6_addr(s, -3, 4);
        assertThat(Sockaddr.sin6_addr_high(s)).isEqualTo(-3);
        assertThat(Sockaddr.sin6_addr_low(s)).isEqualTo(4);
        Sockaddr.sin6_scope_id(s, -5);
        assertThat(Sockaddr.sin6_scope_id(s)).isEqualTo(-5);
        Sockaddr.svm_port(s, -6);
        assertThat(Sockaddr.svm_port(s)).isEqualTo(-6);
        Sockaddr.svm_cid(s, -7);
        assertThat(Sockaddr.svm_cid(s)).isEqualTo(-7);
        Sockaddr.svm_flags(s, 0xff);
        assertThat(Sockaddr.svm_flags(s)).isEqualTo(0xff);
        Sockaddr.nl_pid(s, -8);
        assertThat(Sockaddr.nl_pid(s)).isEqualTo(-8);
        Sockaddr.nl_groups(s, -9);
        assertThat(Sockaddr.nl_groups(s)).isEqualTo(-9);
        Sockaddr.sll_protocol(s, 0x88a8);
        assertThat(Sockaddr.sll_protocol(s)).isEqualTo(0x88a8);
        Sockaddr.sll_ifindex(s, 10);
        assertThat(Sockaddr.sll_ifindex(s)).isEqualTo(10);
        Sockaddr.sll_hatype(s, 0xfffe);
        assertThat(Sockaddr.sll_hatype(s)).isEqualTo(0xfffe);
        Sockaddr.sll_pkttype(s, 0xfd);
        assertThat(Sockaddr.sll_pkttype(s)).isEqualTo(0xfd);
        Sockaddr.sll_addr(s, new byte[] {1, 2, 3, 4, 5, 6, 7, 8});
        assertThat(Sockaddr.sll_halen(s)).isEqualTo(8);
        assertThat(Sockaddr.sll_addr(s, 3)).containsExactly(1, 2, 3);
        Sockaddr.sun_path(s, 0, "abc\0def".getBytes(StandardCharsets.US_ASCII));
        assertThat(Sockaddr.sun_path(s, 2)).isEqualTo((byte) 'c');
        assertThat(Sockaddr.sun_path(s, 1, 4)).containsExactly('b', 'c', 0, 'd');
        assertThat(Sockaddr.sa_data(s, 5)).containsExactly('a', 'b', 'c');
    }

    @Test
    void strnlenStopsAtTheLimitWithoutLookingBehindIt() {
        MemorySegment s = MemorySegment.ofArray(new byte[] {1, 0, 'a', 'b', 'c'});
        assertThat(Sockaddr.sun_path_strnlen(s, 3)).isEqualTo(3);
        assertThat(Sockaddr.sun_path_strnlen(s, 2)).isEqualTo(2);
        assertThat(Sockaddr.sun_path_strnlen(s, 0)).isZero();
        Sockaddr.sun_path(s, 1, (byte) 0);
        assertThat(Sockaddr.sun_path_strnlen(s, 3)).isEqualTo(1);
    }

    @Test
    void namesBothLengthsWhereAnAddressDoesNotFit() {
        MemorySegment s = MemorySegment.ofArray(new byte[27]);
        Sockaddr.requireCapacity(s, 27);
        assertThatThrownBy(() -> Sockaddr.requireCapacity(s, 28)).isInstanceOf(IndexOutOfBoundsException.class)
                .hasMessageContaining("28").hasMessageContaining("27");
    }

    @Test
    void worksOnMemoryOfAnyAlignment() {
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment odd = arena.allocate(64, 8).asSlice(1);
            Sockaddr.sin6_addr(odd, 1, 2);
            Sockaddr.sin6_port(odd, 3);
            assertThat(Sockaddr.sin6_addr_high(odd)).isEqualTo(1);
            assertThat(Sockaddr.sin6_addr_low(odd)).isEqualTo(2);
            assertThat(Sockaddr.sin6_port(odd)).isEqualTo(3);
        }
    }

    /// What `action` writes into a segment of `size` bytes, in hexadecimal, with `..` for the bytes it leaves alone.
    private static String written(int size, Consumer<MemorySegment> action) {
        byte[] ones = new byte[size];
        byte[] others = new byte[size];
        for (int i = 0; i < size; i++) {
            ones[i] = 0x55;
            others[i] = (byte) 0xaa;
        }
        action.accept(MemorySegment.ofArray(ones));
        action.accept(MemorySegment.ofArray(others));
        StringBuilder out = new StringBuilder();
        for (int i = 0; i < size; i++) {
            out.append(ones[i] == others[i] ? HexFormat.of().toHexDigits(ones[i]) : "..");
        }
        return out.toString();
    }

    private static String host16(int value) {
        byte[] bytes = new byte[2];
        MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_SHORT_UNALIGNED, 0, (short) value);
        return HexFormat.of().formatHex(bytes);
    }

    private static String host32(int value) {
        byte[] bytes = new byte[4];
        MemorySegment.ofArray(bytes).set(ValueLayout.JAVA_INT_UNALIGNED, 0, value);
        return HexFormat.of().formatHex(bytes);
    }
}
