package io.github.fdsock.cli.roundtrip;

import com.github.freva.asciitable.AsciiTable;
import com.github.freva.asciitable.Column;
import com.github.freva.asciitable.ColumnData;
import com.github.freva.asciitable.HorizontalAlign;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/// Round-trip times as a table: a line for each run, microseconds.
public final class Table {
    private Table() {
    }

    public static String of(final Collection<Map.Entry<String, RoundTrips>> runs) {
        final List<Map.Entry<String, RoundTrips>> rows = new ArrayList<>(runs);
        return AsciiTable.builder()
                .border(AsciiTable.BASIC_ASCII_NO_DATA_SEPARATORS)
                .data(rows, List.of(
                        new Column().header("microseconds").dataAlign(HorizontalAlign.LEFT).with(Map.Entry::getKey),
                        number("p50", row -> micros(row, 50)),
                        number("p90", row -> micros(row, 90)),
                        number("p99", row -> micros(row, 99)),
                        number("p99.9", row -> micros(row, 99.9)),
                        number("p99.99", row -> micros(row, 99.99)),
                        number("max", row -> micros(row, 100)),
                        number("per second", row -> String.format("%,.0f", row.getValue().perSecond()))))
                .asString();
    }

    private static ColumnData<Map.Entry<String, RoundTrips>> number(final String header,
            final Function<Map.Entry<String, RoundTrips>, String> value) {
        return new Column().header(header).headerAlign(HorizontalAlign.RIGHT).dataAlign(HorizontalAlign.RIGHT)
                .with(value);
    }

    private static String micros(final Map.Entry<String, RoundTrips> row, final double percentile) {
        return String.format("%,.1f", row.getValue().micros(percentile));
    }
}
