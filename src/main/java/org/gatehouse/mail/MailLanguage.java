package org.gatehouse.mail;

import com.github.mustachejava.Mustache;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.time.format.FormatStyle;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The texts of mails in one language, with its durations and times. */
final class MailLanguage {
    /** The sections of {@code notice-factor}: one for each event that the texts describe. */
    static final Set<String> FACTOR_EVENTS =
            Set.of("added", "removed", "administrator", "recovery", "codes", "counter");

    /** The values of a mail that texts may contain. */
    static final Set<String> VALUES = Stream.concat(
                    Stream.of(
                            "username",
                            "address",
                            "device",
                            "ip",
                            "at",
                            "validity",
                            "sender",
                            "to",
                            "number",
                            "factor",
                            "event"),
                    FACTOR_EVENTS.stream())
            .collect(Collectors.toUnmodifiableSet());

    static final TemplateCompiler COMPILER = TemplateCompiler.plainText(VALUES);

    private static final List<String> COMMON = List.of(
            "greeting",
            "greeting.unnamed",
            "valid",
            "hint",
            "footer",
            "label.device",
            "label.ip",
            "label.at",
            "duration.minutes.one",
            "duration.minutes.other",
            "duration.hours.one",
            "duration.hours.other",
            "duration.days.one",
            "duration.days.other");

    /** Plural forms that only some languages have. Without such a form, the form {@code other} is used. */
    private static final List<String> OPTIONAL_FORMS = List.of("few", "many");

    private static final Set<MailKind> KINDS_WITH_LINK =
            Set.of(MailKind.VERIFICATION, MailKind.RESET, MailKind.CHANGE, MailKind.INVITATION, MailKind.NOTICE_EMAIL);

    /** The names of the texts that every language has. */
    static final Set<String> REQUIRED = Stream.concat(
                    COMMON.stream(), Arrays.stream(MailKind.values()).flatMap(MailLanguage::requiredTexts))
            .collect(Collectors.toUnmodifiableSet());

    /** The names of all texts. */
    static final Set<String> NAMES = Stream.of(
                    REQUIRED.stream(),
                    Arrays.stream(MailKind.values()).map(kind -> kind.text() + ".after"),
                    OPTIONAL_FORMS.stream()
                            .flatMap(form ->
                                    Stream.of("minutes", "hours", "days").map(unit -> "duration." + unit + "." + form)))
            .flatMap(names -> names)
            .collect(Collectors.toUnmodifiableSet());

    private static final DateTimeFormatter TIME_OF_DAY = DateTimeFormatter.ofPattern("HH:mm 'UTC'", Locale.ROOT);

    private final Locale locale;
    private final Map<String, String> texts;

    /** The compiled texts. A text is compiled when it is first used, because a node needs few of them. */
    private final Map<String, Mustache> compiled = new ConcurrentHashMap<>();

    /** @param texts contains {@link #REQUIRED} at least; all of them are valid templates */
    MailLanguage(Locale locale, Map<String, String> texts) {
        this.locale = locale;
        this.texts = Map.copyOf(texts);
    }

    private static Stream<String> requiredTexts(MailKind kind) {
        Stream<String> all = Stream.of(kind.text() + ".subject", kind.text() + ".text");
        return KINDS_WITH_LINK.contains(kind) ? Stream.concat(all, Stream.of(kind.text() + ".button")) : all;
    }

    Locale locale() {
        return locale;
    }

    /** Returns a text with values; empty if the language does not have this text. */
    Optional<String> text(String name, Map<String, Object> values) {
        return Optional.ofNullable(texts.get(name))
                .map(text -> compiled.computeIfAbsent(name, absent -> COMPILER.compile(text)))
                .map(template -> TemplateCompiler.render(template, values));
    }

    /** Returns the lines of a text as paragraphs; none if the language does not have this text. */
    List<String> paragraphs(String name, Map<String, Object> values) {
        return text(name, values).stream()
                .flatMap(String::lines)
                .map(String::strip)
                .filter(line -> !line.isEmpty())
                .toList();
    }

    /**
     * Returns a duration in days from 2 days, in hours from 2 hours, else in minutes, rounded to the nearest unit.
     * A link is sent a little after it was requested, so the rest of its validity is not a whole number of units.
     */
    String duration(Duration duration) {
        long minutes = rounded(duration, Duration.ofMinutes(1));
        long hours = rounded(duration, Duration.ofHours(1));
        if (minutes < Duration.ofHours(2).toMinutes()) {
            return count(Math.max(1, minutes), "minutes");
        }
        return hours < Duration.ofDays(2).toHours()
                ? count(hours, "hours")
                : count(rounded(duration, Duration.ofDays(1)), "days");
    }

    private static long rounded(Duration duration, Duration unit) {
        return duration.plus(unit.dividedBy(2)).dividedBy(unit);
    }

    private String count(long number, String unit) {
        String name = "duration." + unit + ".";
        Map<String, Object> values = Map.of("number", Long.toString(number));
        return text(name + pluralForm(number), values)
                .or(() -> text(name + "other", values))
                .orElseThrow();
    }

    /** Returns the plural form of a whole number as in Unicode CLDR, for the languages that have texts. */
    private String pluralForm(long number) {
        long ones = number % 10;
        long hundreds = number % 100;
        return switch (locale.getLanguage()) {
            case "pl" -> number == 1 ? "one" : isFew(ones, hundreds) ? "few" : "many";
            case "uk" -> ones == 1 && hundreds != 11 ? "one" : isFew(ones, hundreds) ? "few" : "many";
            default -> number == 1 ? "one" : "other";
        };
    }

    private static boolean isFew(long ones, long hundreds) {
        return ones >= 2 && ones <= 4 && (hundreds < 12 || hundreds > 14);
    }

    /** Returns a time in UTC, such as {@code December 1, 2026, 14:05 UTC}. */
    String time(Instant instant, Locale requested) {
        Locale region = requested.getLanguage().equals(locale.getLanguage()) ? requested : locale;
        return DateTimeFormatter.ofLocalizedDate(FormatStyle.LONG)
                        .withLocale(region)
                        .format(instant.atZone(ZoneOffset.UTC))
                + ", "
                + TIME_OF_DAY.format(instant.atZone(ZoneOffset.UTC));
    }
}
