import com.fasterxml.jackson.databind.ObjectMapper;
import io.trino.spi.type.TimeZoneKey;
import io.trino.testing.LocalQueryRunner;
import io.trino.testing.MaterializedRow;
import io.trino.testing.TestingSession;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.Map;

/** Writes what Trino makes of each line of a file of expressions, as one JSON object a line. */
public class Recorder {
    public static void main(String[] arguments) throws Exception {
        ObjectMapper json = new ObjectMapper();
        try (LocalQueryRunner trino = LocalQueryRunner.create(TestingSession.testSessionBuilder()
                        .setTimeZoneKey(TimeZoneKey.UTC_KEY)
                        .build());
                PrintStream out = new PrintStream(arguments[1], "UTF-8")) {
            for (String expression : Files.readAllLines(Path.of(arguments[0]))) {
                if (!expression.isBlank()) {
                    out.println(json.writeValueAsString(probe(trino, expression)));
                }
            }
        }
        System.exit(0); // Trino leaves threads behind.
    }

    private static Map<String, String> probe(LocalQueryRunner trino, String expression) {
        Map<String, String> probe = new LinkedHashMap<>();
        probe.put("expression", expression);
        try {
            MaterializedRow row = trino
                    .execute("SELECT typeof(x), x FROM (SELECT " + expression + " AS x)")
                    .getMaterializedRows()
                    .get(0);
            probe.put("type", String.valueOf(row.getField(0)));
            probe.put("value", String.valueOf(row.getField(1)));
        } catch (RuntimeException error) {
            probe.put("error", String.valueOf(error.getMessage()).lines().findFirst().orElse(""));
        }
        return probe;
    }
}
