package org.gatehouse.mail;

import com.github.mustachejava.Mustache;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.gatehouse.config.MailFrom;
import org.gatehouse.identity.EmailAddress;
import org.jspecify.annotations.Nullable;

/**
 * Renders mails from templates and texts, built-in ones or those of the operator.
 *
 * <p>Rendering does not fail, because every template is compiled and checked at the start. A value contains no line
 * break, and is never interpreted as a template.
 */
final class MailTemplates {
    /** Control characters, line separators, and characters that change the direction of text. */
    private static final String UNPRINTABLE =
            "[\\p{Cc}\\p{Cs}\\u2028\\u2029\\u061c\\u200e\\u200f\\u202a-\\u202e\\u2066-\\u2069]+";

    private final TemplateFiles.Loaded files;
    private final Map<Locale, MailLanguage> languages;
    private final String sender;

    private MailTemplates(TemplateFiles.Loaded files, MailFrom from) {
        this.files = files;
        this.languages =
                files.languages().stream().collect(Collectors.toUnmodifiableMap(MailLanguage::locale, each -> each));
        this.sender = Objects.requireNonNullElse(from.name(), from.address().domain());
    }

    /**
     * Reads and compiles all templates, and renders those of the operator with sample values.
     *
     * @param directory contains templates that replace the built-in ones; null if there is none
     * @throws org.gatehouse.config.SettingsException if a template of the directory is invalid
     */
    static MailTemplates load(@Nullable Path directory, MailFrom from) {
        MailTemplates templates = new MailTemplates(TemplateFiles.load(directory), from);
        if (directory != null) { // because tests render the built-in templates
            templates.renderSamples(from.address());
        }
        return templates;
    }

    private void renderSamples(EmailAddress to) {
        MailMessage.Values sample = new MailMessage.Values(
                "name",
                "https://app.example.com/",
                Duration.ofHours(1),
                "a@b.example",
                new MailMessage.Event(
                        "device", "::1", Instant.EPOCH, new MailRequest.FactorDetails("added", "factor")));
        for (Locale locale : languages.keySet()) {
            for (MailKind kind : MailKind.values()) {
                for (MailMessage.Values values : List.of(sample, MailMessage.Values.NONE)) {
                    var unused = render(new MailMessage("", kind, to, locale, values));
                }
            }
        }
    }

    RenderedMail render(MailMessage message) {
        MailLanguage language = closest(message.locale());
        String kind = message.kind().text();
        Map<String, Object> values = values(message, language);
        Map<String, Object> all = new HashMap<>(values);
        String subject = subject(language.text(kind + ".subject", values).orElseThrow());
        all.put("lang", language.locale().toLanguageTag());
        all.put("kind", kind);
        all.put("subject", subject);
        all.put(
                "greeting",
                language.text(values.containsKey("username") ? "greeting" : "greeting.unnamed", values)
                        .orElseThrow());
        all.put("paragraphs", language.paragraphs(kind + ".text", values));
        all.put("details", details(message, language, values));
        all.put("after", language.paragraphs(kind + ".after", values));
        all.put("footer", language.text("footer", values).orElseThrow());
        putLink(message, language, values, all);
        return new RenderedMail(
                language.locale(),
                subject,
                // Absent parts leave blank lines.
                TemplateCompiler.render(layout(kind, language, "txt"), all).replaceAll("\n{3,}", "\n\n"),
                TemplateCompiler.render(layout(kind, language, "html"), all));
    }

    /** Adds the link if there is one and if this kind of mail has a button. */
    private static void putLink(
            MailMessage message, MailLanguage language, Map<String, Object> values, Map<String, Object> all) {
        String link = message.values().link();
        Optional<String> button = language.text(message.kind().text() + ".button", values);
        if (link == null || button.isEmpty()) {
            return;
        }
        all.put("link", oneLine(link));
        all.put("button", button.get());
        all.put("hint", language.text("hint", values).orElseThrow());
        if (message.values().validity() != null) {
            all.put("valid", language.text("valid", values).orElseThrow());
        }
    }

    private Map<String, Object> values(MailMessage message, MailLanguage language) {
        MailMessage.Values values = message.values();
        Map<String, Object> present = new HashMap<>();
        put(present, "username", values.username());
        put(present, "address", values.address());
        MailMessage.Event event = values.event();
        put(present, "device", event.device());
        put(present, "ip", event.ip());
        putFactor(present, event.factor());
        put(present, "sender", sender);
        put(present, "to", message.to().typed());
        Instant at = event.at();
        put(present, "at", at == null ? null : language.time(at, message.locale()));
        Duration validity = values.validity();
        put(present, "validity", validity == null ? null : language.duration(validity));
        return present;
    }

    /** Adds the name of the factor, and a section for the event unless the texts do not know it. */
    private static void putFactor(Map<String, Object> values, MailRequest.@Nullable FactorDetails factor) {
        if (factor != null && MailLanguage.FACTOR_EVENTS.contains(factor.event())) {
            put(values, "factor", factor.name());
            values.put("event", factor.event());
            values.put(factor.event(), true);
        }
    }

    private static void put(Map<String, Object> values, String name, @Nullable String value) {
        if (value != null && !value.isBlank()) {
            values.put(name, oneLine(value));
        }
    }

    /** Returns the facts of a notice, each with its label. */
    private static List<Map<String, String>> details(
            MailMessage message, MailLanguage language, Map<String, Object> values) {
        if (!message.kind().name().startsWith("NOTICE_")) {
            return List.of();
        }
        List<Map<String, String>> details = new ArrayList<>();
        for (String name : List.of("device", "ip", "at")) {
            if (values.get(name) instanceof String value) {
                details.add(
                        Map.of("label", language.text("label." + name, values).orElseThrow(), "value", value));
            }
        }
        return details;
    }

    private MailLanguage closest(Locale locale) {
        Locale found = Locale.lookup(
                List.of(new Locale.LanguageRange(locale.toLanguageTag())), List.copyOf(languages.keySet()));
        return Objects.requireNonNull(languages.get(Objects.requireNonNullElse(found, Locale.ENGLISH)));
    }

    private Mustache layout(String kind, MailLanguage language, String type) {
        return Stream.of(kind + "." + language.locale().toLanguageTag() + "." + type, kind + "." + type, "mail." + type)
                .map(files.layouts()::get)
                .filter(Objects::nonNull)
                .findFirst()
                .orElseThrow();
    }

    /** Returns the text without beginnings of encoded words (RFC 2047), which a mail program would decode. */
    private static String subject(String text) {
        return oneLine(text).replace("=?", "= ?");
    }

    private static String oneLine(String value) {
        return value.replaceAll(UNPRINTABLE, " ");
    }
}
