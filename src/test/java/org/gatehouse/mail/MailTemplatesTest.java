package org.gatehouse.mail;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Properties;
import java.util.TreeMap;
import java.util.regex.MatchResult;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.gatehouse.config.MailFrom;
import org.gatehouse.config.SettingsException;
import org.gatehouse.identity.EmailAddress;
import org.gatehouse.user.FactorEvent;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.MethodSource;

class MailTemplatesTest {
    private static final String LINK = "https://app.example.com/reset?a=1&b=2#proof=AAAA_-1";

    private static final MailFrom FROM = MailFrom.parse("Example & Sons <accounts@example.com>");

    private static final MailTemplates BUILT_IN = MailTemplates.load(null, FROM);

    private static final MailMessage.Values VALUES = new MailMessage.Values(
            "maria",
            LINK,
            Duration.ofMinutes(10),
            "new@example.com",
            event(new MailRequest.FactorDetails("added", "Pixel 9")));

    static Stream<Arguments> kindsInAllLanguages() {
        return Arrays.stream(MailKind.values())
                .flatMap(kind -> TemplateFiles.LANGUAGES.stream().map(language -> Arguments.of(kind, language)));
    }

    @ParameterizedTest
    @MethodSource("kindsInAllLanguages")
    void rendersEachKindInEachLanguage(MailKind kind, String language) {
        RenderedMail content = BUILT_IN.render(message(kind, language, VALUES));

        assertThat(content.language().toLanguageTag()).isEqualTo(language);
        assertThat(content.subject()).isNotBlank().doesNotContain("{{", "\n");
        assertThat(content.text()).contains("maria", "Example & Sons").doesNotContain("{{", "&amp;", "\n\n\n");
        assertThat(content.html())
                .contains("<html lang=\"" + language + "\">", "maria", "Example &amp; Sons", "color-scheme")
                .doesNotContain("{{");
        boolean hasLink = !List.of(
                        MailKind.NOTICE_PASSWORD, MailKind.NOTICE_DEVICE, MailKind.NOTICE_FACTOR, MailKind.TEST)
                .contains(kind);
        assertThat(content.text().lines().filter(line -> line.equals(LINK))).hasSize(hasLink ? 1 : 0);
        assertThat(content.text().contains("\n\n" + LINK + "\n\n")).isEqualTo(hasLink);
        assertThat(content.text().contains("10 ")).isEqualTo(hasLink);
        assertThat(unescaped(content.html()).split(Pattern.quote(LINK), -1)).hasSize(hasLink ? 4 : 1);
    }

    @ParameterizedTest
    @MethodSource("kindsInAllLanguages")
    void refersToNothingRemoteInHtml(MailKind kind, String language) {
        assertThat(BUILT_IN.render(message(kind, language, VALUES)).html().toLowerCase(Locale.ROOT))
                .doesNotContain(
                        "<img",
                        "src=",
                        "url(",
                        "@import",
                        "<script",
                        "<iframe",
                        "<form",
                        "<object",
                        "<link",
                        "http-equiv");
    }

    @ParameterizedTest
    @MethodSource("kindsInAllLanguages")
    void rendersEachKindWithoutValues(MailKind kind, String language) {
        RenderedMail content = BUILT_IN.render(message(kind, language, MailMessage.Values.NONE));

        assertThat(content.subject()).isNotBlank();
        assertThat(content.text()).doesNotContain("https://").doesNotContainPattern("\\bnull\\b");
        assertThat(content.html()).doesNotContain("<a ").doesNotContainPattern("\\bnull\\b");
    }

    @ParameterizedTest
    @CsvSource({
        "de-AT, de",
        "de, de",
        "uk-UA, uk",
        "fr-CA, fr",
        "en-GB, en",
        "ja, en",
        "und, en",
        "zh-Hant-TW, en",
        "pl-x-a, pl",
        "x-foo, en",
        "de-Latn-DE-1996-u-co-phonebk-x-y, de"
    })
    void choosesTheClosestLanguage(String requested, String chosen) {
        assertThat(BUILT_IN.render(message(MailKind.RESET, requested, VALUES))
                        .language()
                        .toLanguageTag())
                .isEqualTo(chosen);
    }

    @ParameterizedTest
    @CsvSource({
        "en, PT1M, 1 minute.",
        "en, PT10M, 10 minutes.",
        "en, PT9M59S, 10 minutes.",
        "en, PT9M29S, 9 minutes.",
        "en, PT1S, 1 minute.",
        "en, PT0S, 1 minute.",
        "en, PT1H, 60 minutes.",
        "en, PT90M, 90 minutes.",
        "en, PT1H59M29S, 119 minutes.",
        "en, PT1H59M57S, 2 hours.",
        "en, PT2H29M45S, 2 hours.",
        "en, PT24H, 24 hours.",
        "en, PT47H29M, 47 hours.",
        "en, PT47H59M57S, 2 days.",
        "en, PT60H, 3 days.",
        "en, P3D, 3 days.",
        "de, PT1M, 1 Minute gültig.",
        "de, P7D, 7 Tage gültig.",
        "fr, PT2H, 2 heures.",
        "es, PT24H, 24 horas.",
        "it, PT30M, 30 minuti.",
        "pl, PT1M, 1 minutę.",
        "pl, PT3M, 3 minuty.",
        "pl, PT10M, 10 minut.",
        "pl, PT12M, 12 minut.",
        "pl, PT22M, 22 minuty.",
        "pl, PT21M, 21 minut.",
        "pl, PT24H, 24 godziny.",
        "pl, P7D, 7 dni.",
        "uk, PT1M, 1 хвилину.",
        "uk, PT4M, 4 хвилини.",
        "uk, PT10M, 10 хвилин.",
        "uk, PT11M, 11 хвилин.",
        "uk, PT21M, 21 хвилину.",
        "uk, PT21H, 21 годину.",
        "uk, PT24H, 24 години.",
        "uk, P3D, 3 дні.",
        "uk, P7D, 7 днів.",
    })
    void writesDurationsWithTheRightPlural(String language, Duration validity, String expected) {
        MailMessage.Values values = new MailMessage.Values(null, LINK, validity, null, MailMessage.Event.NONE);

        assertThat(BUILT_IN.render(message(MailKind.RESET, language, values)).text())
                .contains(" " + expected);
    }

    @ParameterizedTest
    @CsvSource({
        "en, 10 minutes, 30 minutes, 24 hours, 3 days, 7 days",
        "de, 10 Minuten, 30 Minuten, 24 Stunden, 3 Tage, 7 Tage",
        "fr, 10 minutes, 30 minutes, 24 heures, 3 jours, 7 jours",
        "es, 10 minutos, 30 minutos, 24 horas, 3 días, 7 días",
        "it, 10 minuti, 30 minuti, 24 ore, 3 giorni, 7 giorni",
        "pl, 10 minut, 30 minut, 24 godziny, 3 dni, 7 dni",
        "uk, 10 хвилин, 30 хвилин, 24 години, 3 дні, 7 днів",
    })
    void roundsTheRestOfTheDefaultValidityToTheSetting(
            String language, String reset, String change, String verification, String undo, String invitation) {
        Map<Duration, String> expected = Map.of(
                Duration.ofMinutes(10), reset,
                Duration.ofMinutes(30), change,
                Duration.ofHours(24), verification,
                Duration.ofHours(72), undo,
                Duration.ofDays(7), invitation);

        expected.forEach((setting, text) -> {
            MailMessage.Values values =
                    new MailMessage.Values(null, LINK, setting.minusSeconds(3), null, MailMessage.Event.NONE);
            assertThat(BUILT_IN.render(message(MailKind.RESET, language, values))
                            .text())
                    .containsPattern(" " + text + "[ .]");
        });
    }

    @ParameterizedTest
    @CsvSource({
        "en, 'December 1, 2026, 14:05 UTC'",
        "en-GB, '1 December 2026, 14:05 UTC'",
        "de-CH, '1. Dezember 2026, 14:05 UTC'",
        "fr, '1 décembre 2026, 14:05 UTC'",
        "es, '1 de diciembre de 2026, 14:05 UTC'",
        "it, '1 dicembre 2026, 14:05 UTC'",
        "pl, '1 grudnia 2026, 14:05 UTC'",
        "uk, '1 грудня 2026 р., 14:05 UTC'",
        "ja, 'December 1, 2026, 14:05 UTC'",
    })
    void writesTimesInTheLanguage(String language, String expected) {
        assertThat(BUILT_IN.render(message(MailKind.NOTICE_DEVICE, language, VALUES))
                        .text())
                .contains(expected);
    }

    @ParameterizedTest
    @CsvSource({
        "en, Device:, IP address:, Time:",
        "fr, Appareil\u00a0:, Adresse IP\u00a0:, Date et heure\u00a0:",
        "uk, Пристрій:, IP-адреса:, Дата й час:",
    })
    void eachDetailHasALabelThatEndsWithAColon(String language, String device, String ip, String at) {
        RenderedMail content = BUILT_IN.render(message(MailKind.NOTICE_DEVICE, language, VALUES));

        assertThat(content.text().lines())
                .contains(device + " Firefox on Linux", ip + " 2001:db8::7")
                .anyMatch(line -> line.startsWith(at + " 1 ") || line.startsWith(at + " December 1"));
        assertThat(unescaped(content.html())).contains(">" + device + "</span>", ">" + at + "</span>");
    }

    @Test
    void escapesValuesAndNeverInterpretsThem() {
        String evil = "<b>\"x'</b>{{link}}\r\nBcc: a@b.example\u2028\u202e";
        RenderedMail content = BUILT_IN.render(message(
                MailKind.NOTICE_DEVICE,
                "en",
                new MailMessage.Values(evil, LINK, null, evil, new MailMessage.Event(evil, evil, null, null))));

        assertThat(content.html()).doesNotContain("<b>", "\"x'", "proof=", "\u2028", "\u202e");
        assertThat(content.text())
                .contains("<b>\"x'</b>{{link}} Bcc: a@b.example")
                .doesNotContain("\nBcc", "\r", "proof=", "\u2028", "\u202e");
    }

    @Test
    void theNoticeAboutAnAddressNamesTheNewAddressIfThereIsOne() {
        MailMessage.Values removed =
                new MailMessage.Values("maria", LINK, Duration.ofHours(72), null, MailMessage.Event.NONE);

        assertThat(BUILT_IN.render(message(MailKind.NOTICE_EMAIL, "en", VALUES)).text())
                .contains("is being changed to new@example.com.");
        assertThat(BUILT_IN.render(message(MailKind.NOTICE_EMAIL, "en", removed))
                        .text())
                .contains("is being removed.", "3 days");
    }

    static Stream<Arguments> factorEventsInAllLanguages() {
        return Arrays.stream(FactorEvent.values())
                .flatMap(event -> TemplateFiles.LANGUAGES.stream().map(language -> Arguments.of(event, language)));
    }

    @ParameterizedTest
    @MethodSource("factorEventsInAllLanguages")
    void theNoticeAboutAFactorDescribesTheEvent(FactorEvent event, String language) {
        RenderedMail notice = factorNotice(event.text(), language, "<i>Pixel 9</i>\r\nBcc: x");
        RenderedMail unknown = factorNotice("unknown to this version", language, "Pixel 9");

        assertThat(notice.subject()).isNotBlank().doesNotContain("Pixel").isNotEqualTo(unknown.subject());
        boolean named = event != FactorEvent.RECOVERY_CODE_USED && event != FactorEvent.RECOVERY_CODES_REPLACED;
        assertThat(notice.text().contains("<i>Pixel 9</i> Bcc: x")).isEqualTo(named);
        assertThat(notice.html().contains("&lt;i&gt;Pixel 9&lt;/i&gt; Bcc: x")).isEqualTo(named);
        assertThat(notice.html()).doesNotContain("<i>");
        assertThat(notice.text()).contains("Firefox on Linux", "2001:db8::7");
        for (FactorEvent other : FactorEvent.values()) {
            if (other != event) {
                assertThat(factorNotice(other.text(), language, "<i>Pixel 9</i>\r\nBcc: x")
                                .text())
                        .isNotEqualTo(notice.text());
            }
        }
        assertThat(unknown.subject()).isNotBlank();
        assertThat(unknown.text()).contains("2001:db8::7").doesNotContain("Pixel 9");
    }

    private static RenderedMail factorNotice(String event, String language, String name) {
        return BUILT_IN.render(message(
                MailKind.NOTICE_FACTOR,
                language,
                new MailMessage.Values("maria", null, null, null, event(new MailRequest.FactorDetails(event, name)))));
    }

    @Test
    void theTextsKnowAllEventsOfFactors() {
        assertThat(Arrays.stream(FactorEvent.values()).map(FactorEvent::text))
                .containsExactlyInAnyOrderElementsOf(MailLanguage.FACTOR_EVENTS);
    }

    @Test
    void usesTheMostSpecificFile(@TempDir Path directory) throws IOException {
        write(directory, "mail.txt", "every kind {{subject}}");
        write(directory, "reset.txt", "reset {{subject}}");
        write(directory, "reset.de.txt", "zurücksetzen {{subject}} {{link}}");
        write(directory, "reset.html", "<p>{{username}} {{button}}</p>");
        write(directory, "texts.de.properties", "reset.subject=Ändern für {{sender}}\n");
        Files.createDirectory(directory.resolve("..data"));
        MailTemplates templates = MailTemplates.load(directory, FROM);

        assertThat(templates.render(message(MailKind.RESET, "de-AT", VALUES)))
                .extracting(RenderedMail::subject, RenderedMail::text, RenderedMail::html)
                .containsExactly(
                        "Ändern für Example & Sons",
                        "zurücksetzen Ändern für Example & Sons " + LINK,
                        "<p>maria Neues Passwort festlegen</p>");
        assertThat(templates.render(message(MailKind.RESET, "fr", VALUES)).text())
                .isEqualTo("reset Définir un nouveau mot de passe");
        assertThat(templates.render(message(MailKind.TEST, "en", VALUES)).text())
                .isEqualTo("every kind Test message");
        assertThat(templates.render(message(MailKind.TEST, "en", VALUES)).html())
                .isEqualTo(BUILT_IN.render(message(MailKind.TEST, "en", VALUES)).html());
    }

    @Test
    void acceptsFurtherLanguagesIfTheyAreComplete(@TempDir Path directory) throws IOException {
        String english = builtIn("texts.en.properties");
        write(directory, "texts.pt-BR.properties", english.replace("Set a new password", "Defina uma nova senha"));
        write(directory, "reset.pt-BR.txt", "{{lang}} {{subject}}");
        MailTemplates templates = MailTemplates.load(directory, FROM);

        assertThat(templates.render(message(MailKind.RESET, "pt-BR", VALUES)).text())
                .isEqualTo("pt-BR Defina uma nova senha");
        assertThat(templates.render(message(MailKind.RESET, "pt", VALUES)).subject())
                .isEqualTo("Set a new password");

        write(directory, "texts.sv.properties", "greeting=Hej!\n");
        assertThatThrownBy(() -> MailTemplates.load(directory, FROM))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("texts.sv.properties, which lacks the texts change.button, change.subject");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "reset.html|{{#link}}|which is not a valid template",
                "reset.html|{{link|which is not a valid template",
                "reset.html|{{/link}}|which is not a valid template",
                "reset.txt|{{user}}|the unknown name user in line 1",
                "reset.txt|{{#username}}{{length}}{{/username}}|the unknown name length",
                "reset.txt|{{^a.b}}x{{/a.b}}|the unknown name a.b",
                "reset.html|{{username.class}}|the unknown name username.class",
                "reset.html|{{{username}}}|it must not insert username without escaping",
                "reset.html|{{&username}}|it must not insert username without escaping",
                "reset.html|{{> mail.html}}|it must not include other files",
                "reset.html|{{> /etc/passwd}}|it must not include other files",
                "reset.html|{{>+ [link]}}|it must not include other files",
                "reset.html|{{< mail}}{{/ mail}}|it must not include other files",
                "rest.html|x|rest.html, which has none of the names",
                "mail.de.html|x|mail.de.html, which has none of the names",
                "reset.htm|x|reset.htm, which has none of the names",
                "reset.de.html~|x|which has none of the names",
                "README|x|which has none of the names",
                "reset.sv.html|x|reset.sv.html, whose language has no texts",
                "texts.DE.properties|a=b|whose language is not written as in BCP 47",
                "texts.de.json|{}|which has none of the names",
                "texts.de.properties|reset.titel=x|the unknown text reset.titel",
                "texts.de.properties|reset.subject={{link}}|reset.subject is not a valid template: it uses the unknown name link",
                "texts.de.properties|reset.subject={{#to}}|reset.subject is not a valid template",
                "texts.de.properties|reset.subject=\\u00|which is not a properties file",
            })
    void reportsAnInvalidFile(String name, String content, String problem, @TempDir Path directory) throws IOException {
        write(directory, name, content);

        assertThatThrownBy(() -> MailTemplates.load(directory, FROM))
                .isInstanceOf(SettingsException.class)
                .hasMessageContaining("MAIL_TEMPLATES has the file " + name)
                .hasMessageContaining(problem);
    }

    @Test
    void reportsAllInvalidFilesTogether(@TempDir Path directory) throws IOException {
        write(directory, "reset.html", "{{");
        write(directory, "other.html", "x");
        Files.createDirectory(directory.resolve("test.html"));
        Files.write(directory.resolve("test.txt"), new byte[] {(byte) 0xff, (byte) 0xfe});
        Files.write(directory.resolve("mail.txt"), new byte[(1 << 20) + 1]);

        assertThatThrownBy(() -> MailTemplates.load(directory, FROM))
                .hasMessageContainingAll(
                        "reset.html, which is not a valid",
                        "other.html, which has none",
                        "test.html, which is not a file",
                        "test.txt, which is not UTF-8",
                        "mail.txt, which is not a file of at most");
    }

    @Test
    void reportsAMissingDirectory(@TempDir Path directory) throws IOException {
        for (Path missing : List.of(directory.resolve("absent"), Files.createFile(directory.resolve("file")))) {
            assertThatThrownBy(() -> MailTemplates.load(missing, FROM))
                    .isInstanceOf(SettingsException.class)
                    .hasMessageContaining("MAIL_TEMPLATES names a directory that does not exist or cannot be read");
        }
    }

    @Test
    void everyLanguageHasTheSameTexts() throws IOException {
        Map<String, String> english = texts("en");
        for (String language : TemplateFiles.LANGUAGES) {
            Map<String, String> texts = texts(language);
            assertThat(texts.keySet())
                    .as(language)
                    .isSubsetOf(MailLanguage.NAMES)
                    .containsAll(english.keySet());
            english.forEach((name, text) ->
                    assertThat(names(texts.get(name))).as(language + " " + name).isEqualTo(names(text)));
        }
    }

    private static Map<String, String> texts(String language) throws IOException {
        Properties texts = new Properties();
        texts.load(new StringReader(builtIn("texts." + language + ".properties")));
        Map<String, String> all = new TreeMap<>();
        texts.stringPropertyNames().forEach(name -> all.put(name, texts.getProperty(name)));
        return all;
    }

    private static List<String> names(@Nullable String text) {
        return Pattern.compile("\\{\\{[^}]+}}")
                .matcher(String.valueOf(text))
                .results()
                .map(MatchResult::group)
                .sorted()
                .toList();
    }

    private static String builtIn(String name) throws IOException {
        try (var content = MailTemplates.class.getResourceAsStream(name)) {
            return new String(Objects.requireNonNull(content).readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    private static void write(Path directory, String name, String content) throws IOException {
        Files.writeString(directory.resolve(name), content);
    }

    private static MailMessage message(MailKind kind, String language, MailMessage.Values values) {
        return new MailMessage(
                "0123456789abcdef01234567",
                kind,
                EmailAddress.parse("maria@example.org").orElseThrow(),
                Locale.forLanguageTag(language),
                values);
    }

    private static MailMessage.Event event(MailRequest.@Nullable FactorDetails factor) {
        return new MailMessage.Event("Firefox on Linux", "2001:db8::7", Instant.parse("2026-12-01T14:05:33Z"), factor);
    }

    private static String unescaped(String html) {
        return html.replace("&#61;", "=")
                .replace("&#39;", "'")
                .replace("&quot;", "\"")
                .replace("&amp;", "&");
    }
}
