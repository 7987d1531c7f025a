package org.gatehouse.config;

import java.time.Duration;
import java.time.format.DateTimeParseException;
import java.util.Optional;
import java.util.function.Function;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One setting: its name, what it means, its default, and how its text becomes a value.
 *
 * @param name the name in the environment, in upper case
 * @param meaning one sentence for the person who sets it, with the unit and the bounds
 * @param defaultText the default as one would write it; null when there is none
 * @param secret whether the value may be given as a file ({@code NAME_FILE}) and must never be shown
 * @param parser makes the value of the text, or throws {@link IllegalArgumentException} with the reason
 */
public record Setting<T>(
        String name, String meaning, @Nullable String defaultText, boolean secret, Function<String, T> parser) {

    static Setting<String> text(String name, @Nullable String defaultText, String meaning) {
        return new Setting<>(name, meaning, defaultText, false, Function.identity());
    }

    static <T> Setting<T> secret(String name, String meaning, Function<String, T> parser) {
        return new Setting<>(name, meaning, null, true, parser);
    }

    /** One of the constants, by its name. */
    static <E extends Enum<E>> Setting<E> choice(String name, E defaultChoice, String meaning) {
        E[] choices = defaultChoice.getDeclaringClass().getEnumConstants();
        return new Setting<>(name, meaning, defaultChoice.name(), false, text -> {
            for (E choice : choices) {
                if (choice.name().equals(text)) {
                    return choice;
                }
            }
            throw new IllegalArgumentException(
                    "must be " + Stream.of(choices).map(Enum::name).collect(Collectors.joining(" or ")));
        });
    }

    /** A whole number from {@code least} to {@code most}. */
    static Setting<Integer> number(String name, int defaultNumber, int least, int most, String meaning) {
        Setting<Long> number = longNumber(name, defaultNumber, least, most, meaning);
        return new Setting<>(
                name,
                meaning,
                number.defaultText(),
                false,
                text -> Math.toIntExact(number.parser().apply(text)));
    }

    /** The same for numbers that an {@code int} cannot hold. */
    static Setting<Long> longNumber(String name, long defaultNumber, long least, long most, String meaning) {
        return new Setting<>(name, meaning, Long.toString(defaultNumber), false, text -> {
            try {
                long number = Long.parseLong(text);
                if (number >= least && number <= most) {
                    return number;
                }
            } catch (NumberFormatException notANumber) {
                // falls through to the one sentence that covers both
            }
            throw new IllegalArgumentException("must be a whole number from " + least + " to " + most);
        });
    }

    /** One of two words; true for the second. */
    static Setting<Boolean> either(String name, String defaultWord, String otherWord, String meaning) {
        return new Setting<>(name, meaning, defaultWord, false, text -> {
            if (!text.equals(defaultWord) && !text.equals(otherWord)) {
                throw new IllegalArgumentException("must be " + defaultWord + " or " + otherWord);
            }
            return text.equals(otherWord);
        });
    }

    /** A time span from {@code least} to {@code most}: ISO-8601, or a whole number of milliseconds. */
    static Setting<Duration> span(String name, Duration defaultSpan, Duration least, Duration most, String meaning) {
        String days = "P" + defaultSpan.toDays() + "D";
        String defaultText = Duration.parse(days).equals(defaultSpan) ? days : defaultSpan.toString();
        return new Setting<>(name, meaning, defaultText, false, text -> {
            try {
                Duration span =
                        text.matches("[0-9]{1,18}") ? Duration.ofMillis(Long.parseLong(text)) : Duration.parse(text);
                if (span.compareTo(least) >= 0 && span.compareTo(most) <= 0) {
                    return span;
                }
            } catch (DateTimeParseException notASpan) {
                // falls through to the one sentence that covers both
            }
            throw new IllegalArgumentException(
                    "must be a time span such as P30D or PT12H, or milliseconds, from " + least + " to " + most);
        });
    }

    /** The default, as one would write it in a file; empty when the setting has none. */
    public Optional<String> defaultValue() {
        return Optional.ofNullable(defaultText);
    }
}
