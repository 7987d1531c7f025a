package org.gatehouse.config;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Describes a setting: its name, its description, its default, and its parser.
 *
 * @param name the name in the environment, in upper case
 * @param description one sentence for operators, with the unit and the bounds
 * @param defaultText the default in the form that operators write; null if there is none
 * @param secret whether the value may be read from a file ({@code NAME_FILE}) and must not be shown
 * @param parser converts the text, or throws {@link IllegalArgumentException} with the reason
 */
record Setting<T>(
        String name, String description, @Nullable String defaultText, boolean secret, Function<String, T> parser) {

    static Setting<String> text(String name, @Nullable String defaultText, String description) {
        return new Setting<>(name, description, defaultText, false, Function.identity());
    }

    static <T> Setting<T> secret(String name, String description, Function<String, T> parser) {
        return new Setting<>(name, description, null, true, parser);
    }

    /** Creates a setting whose value is an enum constant. The text is the name of the constant. */
    static <E extends Enum<E>> Setting<E> choice(String name, E defaultChoice, String description) {
        E[] choices = defaultChoice.getDeclaringClass().getEnumConstants();
        return new Setting<>(name, description, defaultChoice.name(), false, text -> {
            for (E choice : choices) {
                if (choice.name().equals(text)) {
                    return choice;
                }
            }
            throw new IllegalArgumentException(
                    "must be " + Stream.of(choices).map(Enum::name).collect(Collectors.joining(" or ")));
        });
    }

    /** Creates a setting whose value is an integer from {@code min} to {@code max}. */
    static Setting<Integer> number(String name, int defaultNumber, int min, int max, String description) {
        Setting<Long> number = longNumber(name, defaultNumber, min, max, description);
        return new Setting<>(
                name,
                description,
                number.defaultText(),
                false,
                text -> Math.toIntExact(number.parser().apply(text)));
    }

    /** Creates a setting like {@link #number}, for numbers that do not fit into an {@code int}. */
    static Setting<Long> longNumber(String name, long defaultNumber, long min, long max, String description) {
        return new Setting<>(name, description, Long.toString(defaultNumber), false, text -> {
            try {
                long number = Long.parseLong(text);
                if (number >= min && number <= max) {
                    return number;
                }
            } catch (NumberFormatException notANumber) {
                // the exception below reports this error
            }
            throw new IllegalArgumentException("must be a whole number from " + min + " to " + max);
        });
    }

    /** Creates a setting whose text is one of two words. The setting is true if the text is {@code otherWord}. */
    static Setting<Boolean> either(String name, String defaultWord, String otherWord, String description) {
        return new Setting<>(name, description, defaultWord, false, text -> {
            if (!text.equals(defaultWord) && !text.equals(otherWord)) {
                throw new IllegalArgumentException("must be " + defaultWord + " or " + otherWord);
            }
            return text.equals(otherWord);
        });
    }

    /** Creates a setting whose value is a duration from {@code min} to {@code max}, in ISO-8601 or in milliseconds. */
    static Setting<Duration> span(String name, Duration defaultSpan, Duration min, Duration max, String description) {
        String days = "P" + defaultSpan.toDays() + "D";
        String defaultText = Duration.parse(days).equals(defaultSpan) ? days : defaultSpan.toString();
        return new Setting<>(name, description, defaultText, false, text -> {
            try {
                Duration span =
                        text.matches("[0-9]{1,18}") ? Duration.ofMillis(Long.parseLong(text)) : Duration.parse(text);
                if (span.compareTo(min) >= 0 && span.compareTo(max) <= 0) {
                    return span;
                }
            } catch (DateTimeParseException notASpan) {
                // the exception below reports this error
            }
            throw new IllegalArgumentException(
                    "must be an ISO-8601 duration such as P30D or PT12H, or a number of milliseconds, from " + min
                            + " to " + max);
        });
    }
}
