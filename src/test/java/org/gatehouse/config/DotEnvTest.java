package org.gatehouse.config;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class DotEnvTest {
    @Test
    void keepsABackslashInAnUnquotedValue() {
        assertThat(values("ADMIN_PASSWORD=Grün\\horse\\new battery 12"))
                .containsExactly(Map.entry("ADMIN_PASSWORD", "Grün\\horse\\new battery 12"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "NAME=value | value",
                "  NAME = value   | value",
                "export NAME=value | value",
                "NAME=a#b | a#b",
                "NAME=#b | #b",
                "NAME=a b # a comment | a b",
                "NAME=it's 5\" wide | it's 5\" wide",
                "NAME=${HOME} $HOME %HOME% | ${HOME} $HOME %HOME%",
                "NAME=C:\\temp\\ | C:\\temp\\",
                "NAME=a=b: c | a=b: c",
                "NAME='a \\n # ${b} \"c\"' | a \\n # ${b} \"c\"",
                "NAME='a' # a comment | a",
                "NAME=\"a \\\\ b \\\" c # d ' ${e}\" | a \\ b \" c # d ' ${e}",
                "NAME=\"a\\nb\"# | ",
            })
    void readsAValue(String line, String value) {
        if (value == null) {
            assertThat(DotEnv.parse(bytes(line), ".env").problems()).hasSize(1);
        } else {
            assertThat(values(line)).containsExactly(Map.entry("NAME", value));
        }
    }

    @Test
    void readsALineBreakInDoubleQuotes() {
        assertThat(values("NAME=\"a\\nb\"")).containsExactly(Map.entry("NAME", "a\nb"));
    }

    @Test
    void skipsCommentsBlankLinesAndAByteOrderMark() {
        assertThat(
                        values(
                                "\uFEFFONE=1\r\n\r\n# THREE=3\r\n   #FOUR=4\r\n \t\r\nTWO=2\r\nEMPTY=\r\nQUOTED=''\r\nLATER= # none"))
                .isEqualTo(Map.of("ONE", "1", "TWO", "2"));
        assertThat(values("")).isEmpty();
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '~',
            value = {
                "hunter2 | is neither NAME=value nor a comment",
                "NAME: hunter2 | is neither NAME=value nor a comment",
                "export NAME | is neither NAME=value nor a comment",
                "NA-ME=hunter2 | is neither NAME=value nor a comment",
                "=hunter2 | is neither NAME=value nor a comment",
                "NAME='hunter2 | lacks the closing quote of NAME",
                "NAME=\"hunter2 | lacks the closing quote of NAME",
                "NAME=\"hunter2\\\" | lacks the closing quote of NAME",
                "NAME='hunter2'hunter2 | has text after the closing quote of NAME",
                "NAME='it''s hunter2' | has text after the closing quote of NAME",
                "NAME=\"hunter2\"#c | has text after the closing quote of NAME",
                "NAME=\"hunter2\\h\" | has a \\ in the double quotes of NAME",
                "NAME=\"$hunter2\\$\" | has a \\ in the double quotes of NAME",
                "NAME=' hunter2' | has a blank at the start or the end of the value of NAME",
            })
    void reportsAnAmbiguousLineWithoutItsValue(String line, String problem) {
        DotEnv read = DotEnv.parse(bytes("# first\nOTHER=1\n" + line + "\n"), "/srv/.env");

        assertThat(read.problems()).singleElement().asString().startsWith("/srv/.env, line 3, " + problem);
        assertThat(read.toString() + read.problems()).doesNotContain("hunter2");
    }

    @Test
    void rejectsANameThatIsSetTwice() {
        assertThat(DotEnv.parse(bytes("NAME=1\n\nexport NAME=2"), ".env").problems())
                .containsExactly(".env, line 3, sets NAME, which line 1 also sets.");
    }

    @ParameterizedTest
    @ValueSource(strings = {"NAME=a\0b", "NAME=a\rNEXT=b", "NAME=a\u001Bb", "NAME=a\uFEFFb"})
    void rejectsHiddenCharacters(String line) {
        assertThat(DotEnv.parse(bytes(line), ".env").problems())
                .containsExactly(".env, line 1, has a control character or a byte order mark.");
    }

    @Test
    void reportsTheLineThatIsNotUtf8() {
        assertThat(DotEnv.parse("ONE=1\nNAME=Grün".getBytes(StandardCharsets.ISO_8859_1), ".env")
                        .problems())
                .containsExactly(".env, line 2, is not UTF-8.");
        assertThat(DotEnv.parse("NAME=1".getBytes(StandardCharsets.UTF_16), ".env")
                        .problems())
                .containsExactly(".env, line 1, is not UTF-8.");
    }

    @Test
    void isEmptyIfThePathIsAFolderOrDoesNotExist(@TempDir Path folder) throws IOException {
        assertThat(DotEnv.read(folder.resolve(".env"))).isEqualTo(DotEnv.NONE);
        assertThat(DotEnv.read(Files.createDirectory(folder.resolve("venv")))).isEqualTo(DotEnv.NONE);
    }

    /** The invalid line may contain a required setting. Therefore Gatehouse reports no missing setting. */
    @Test
    void reportsOnlyTheInvalidLine() {
        assertThatThrownBy(() -> Settings.read(
                        new SettingSources(List.of(), List.of(".env, line 1, is not UTF-8.")), SettingsTest.NO_RULES))
                .isInstanceOf(SettingsException.class)
                .hasMessageEndingWith("\n  - .env, line 1, is not UTF-8.")
                .hasMessageNotContainingAny("missing");
    }

    /** In {@code .env.example}, every line is valid, and every setting is commented out. */
    @Test
    void theExampleIsValid() throws IOException {
        DotEnv example = DotEnv.read(Path.of(".env.example"));

        assertThat(example.problems()).isEmpty();
        assertThat(example.values()).isEmpty();
    }

    private static Map<String, String> values(String content) {
        DotEnv read = DotEnv.parse(bytes(content), ".env");
        assertThat(read.problems()).isEmpty();
        return read.values();
    }

    private static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
