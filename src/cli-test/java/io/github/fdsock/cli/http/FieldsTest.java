package io.github.fdsock.cli.http;

import static org.assertj.core.api.Assertions.assertThat;

import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.api.Test;

/// Dates, ranges and types of content are read and written as RFC 9110 says.
class FieldsTest {
    @ParameterizedTest
    @CsvSource(nullValues = "all", value = {"bytes=0-0, 0+1", "bytes=0-, 0+10", "bytes=3-5, 3+3", "bytes=3-50, 3+7",
        "bytes=9-9, 9+1", "BYTES=1-2, 1+2", "bytes=-3, 7+3", "bytes=-10, 0+10", "bytes=-11, 0+10", "bytes=10-, 10+0",
        "bytes=10-20, 10+0",
        "bytes=-0, 10+0", "bytes=999999999999999999-, 10+0", "bytes=5-4, all", "bytes=-, all", "bytes=, all",
        "bytes, all", "'bytes=0-1,3-4', all", "bytes=a-b, all", "bytes= 0-1, all", "lines=0-1, all",
        "bytes=9999999999999999999-, all"})
    void aRangeOfTenBytes(final String field, final String range) {
        final ByteRange read = ByteRange.read(field, 10);
        assertThat(read == null ? null : read.start() + "+" + read.length()).isEqualTo(range);
    }

    @Test
    void noRangeAtAllAndOneOfAnEmptyFile() {
        assertThat(ByteRange.read(null, 10)).isNull();
        assertThat(ByteRange.read("bytes=0-", 0)).isEqualTo(new ByteRange(0, 0));
        assertThat(ByteRange.read("bytes=-1", 0)).isEqualTo(new ByteRange(0, 0));
    }

    @ParameterizedTest
    @CsvSource({"'Sun, 06 Nov 1994 08:49:37 GMT', 784111777", "'Sunday, 06-Nov-94 08:49:37 GMT', 784111777",
        "'Sun Nov  6 08:49:37 1994', 784111777", "'Thu, 01 Jan 1970 00:00:00 GMT', 0", "'', -1", "yesterday, -1",
        "'Mon, 06 Nov 1994 08:49:37 GMT', -1", "'Sun, 06 Nov 1994 08:49:37 CET', -1"})
    void aDateIsRead(final String text, final long second) {
        assertThat(HttpDate.read(text)).isEqualTo(second);
    }

    @Test
    void aDateIsWritten() {
        final HttpDate date = new HttpDate();
        assertThat(text(date.at(784111777))).isEqualTo("Sun, 06 Nov 1994 08:49:37 GMT");
        assertThat(date.at(784111777)).isSameAs(date.at(784111777));
        assertThat(text(date.at(784111778))).isEqualTo("Sun, 06 Nov 1994 08:49:38 GMT");
        assertThat(text(date.at(-1))).isEqualTo("Thu, 01 Jan 1970 00:00:00 GMT");
        assertThat(text(date.at(Long.MAX_VALUE))).isEqualTo("Fri, 31 Dec 9999 23:59:59 GMT");
    }

    @ParameterizedTest
    @CsvSource({"/a/index.html, text/html; charset=utf-8", "/A.PNG, image/png", "/archive.tar.gz, application/gzip",
        "/a, application/octet-stream", "gz, application/octet-stream", "/a.html/b, application/octet-stream"})
    void aNameTellsTheType(final String name, final String type) {
        final byte[] bytes = name.getBytes(StandardCharsets.US_ASCII);
        assertThat(text(ContentType.of(MemorySegment.ofArray(bytes), bytes.length))).isEqualTo(type);
    }

    private static String text(final byte[] bytes) {
        return new String(bytes, StandardCharsets.US_ASCII);
    }
}
