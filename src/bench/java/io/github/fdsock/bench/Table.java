package io.github.fdsock.bench;

import java.util.List;
import java.util.Map;

/// Measurements that are repeated in rounds, and told in the end.
interface Table {
    /// Its name on the command line, and in the JSON file.
    String name();

    /// How many steps a round has.
    int steps();

    /// Measures everything once.
    ///
    /// @param step is run after each step
    void round(Runnable step) throws Exception;

    /// The table for people: medians over all rounds.
    String print();

    /// The same for programs: one map a line.
    List<Map<String, Object>> rows();
}
