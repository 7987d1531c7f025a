package org.gatehouse.config;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

/** Checks that {@code docs/configuration.md} and {@code .env.example} list every setting with its description. */
class SettingsDocumentationTest {
    @Test
    void theConfigurationPageListsEverySetting() throws IOException {
        List<String> expected = SettingCatalog.all().stream()
                .map(setting -> "| `" + setting.name() + "` | "
                        + (setting.defaultText() == null ? "–" : "`" + setting.defaultText() + "`") + " | "
                        + setting.description() + " |")
                .toList();

        List<String> table = Files.readAllLines(Path.of("docs", "configuration.md")).stream()
                .filter(line -> line.matches("\\| `[A-Z][A-Z0-9_]+` \\|.*"))
                .toList();

        assertThat(table).isEqualTo(expected);
    }

    @Test
    void theExampleListsEverySetting() throws IOException {
        List<String> lines = Files.readAllLines(Path.of(".env.example"));
        List<String> names = lines.stream()
                .filter(line -> line.matches("#?[A-Z][A-Z0-9_]+=.*"))
                .map(line -> line.replaceAll("^#?([A-Z0-9_]+)=.*", "$1"))
                .toList();

        assertThat(names)
                .isEqualTo(SettingCatalog.all().stream().map(Setting::name).toList());
        for (Setting<?> setting : SettingCatalog.all()) {
            assertThat(lines).contains("# " + setting.description());
        }
    }
}
