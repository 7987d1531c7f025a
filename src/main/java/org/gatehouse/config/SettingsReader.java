package org.gatehouse.config;

import java.io.IOException;
import java.nio.charset.CharacterCodingException;
import java.nio.file.AccessDeniedException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Reads settings and collects problems, so that all problems are reported together.
 *
 * <p>Each fault is reported once. Rules about several settings are checked only if {@link #allRead} returns true.
 */
final class SettingsReader {
    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private final SettingSources sources;
    private final List<String> problems = new ArrayList<>();
    private final Set<String> faulty = new HashSet<>();

    SettingsReader(SettingSources sources) {
        this.sources = sources;
        problems.addAll(sources.problems());
    }

    /**
     * @param placeholder the result for a missing value; {@link #throwIfAny} throws an exception before the placeholder
     *     is used
     */
    <T> T required(Setting<T> setting, T placeholder, String hint) {
        T value = optional(setting);
        if (value == null && allRead(setting)) {
            problems.add(setting.name() + " is missing. " + setting.description() + hint);
        }
        return value == null ? placeholder : value;
    }

    <T> T withDefault(Setting<T> setting) {
        T value = optional(setting);
        return value == null ? setting.parser().apply(Objects.requireNonNull(setting.defaultText())) : value;
    }

    /** Returns the value; null if it is missing or invalid. */
    <T> @Nullable T optional(Setting<T> setting) {
        try {
            String text = text(setting);
            return text == null ? null : setting.parser().apply(text);
        } catch (IllegalArgumentException invalid) {
            faulty.add(setting.name());
            problems.add(setting.name() + " " + invalid.getMessage());
            return null;
        }
    }

    /**
     * Returns all settings of the catalog as operators may see them; empty if there are problems.
     *
     * @param derived the defaults that follow from other settings, by the name of the setting
     */
    List<EffectiveSetting> effective(Map<String, EffectiveSetting.Derived> derived) {
        return problems.isEmpty()
                ? SettingCatalog.all().stream()
                        .map(setting -> effective(setting, derived.get(setting.name())))
                        .toList()
                : List.of();
    }

    private EffectiveSetting effective(Setting<?> setting, EffectiveSetting.@Nullable Derived derived) {
        String text = text(setting);
        Optional<SettingSources.Found> found = sources.locate(setting.name());
        if (setting.secret()) {
            found = found.or(() -> sources.locate(setting.name() + SettingSources.FILE_SUFFIX)
                    .map(file -> new SettingSources.Found(file.value(), "a file that " + file.source() + " names")));
        }
        return text == null || found.isEmpty()
                ? EffectiveSetting.ofDefault(setting, derived)
                : EffectiveSetting.of(setting, found.get(), text);
    }

    /** Adds a problem that concerns several settings. */
    void addProblem(String problem) {
        problems.add(problem);
    }

    /** @throws SettingsException with all problems if there are any */
    void throwIfAny() {
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
    }

    /**
     * Returns whether these settings could be read. An absent setting counts as read. If a source has an invalid line,
     * the result is false, because that line may contain one of the settings.
     */
    boolean allRead(Setting<?>... settings) {
        return sources.problems().isEmpty()
                && Stream.of(settings).noneMatch(setting -> faulty.contains(setting.name()));
    }

    private @Nullable String text(Setting<?> setting) {
        String direct = sources.find(setting.name()).orElse(null);
        if (!setting.secret()) {
            return direct;
        }
        String file = sources.find(setting.name() + SettingSources.FILE_SUFFIX).orElse(null);
        if (direct != null && file != null) {
            throw new IllegalArgumentException("and " + setting.name() + "_FILE are both set; keep one");
        }
        return file == null ? direct : contentOf(file);
    }

    private static String contentOf(String file) {
        String content = decoded(file);
        if (content.startsWith(BYTE_ORDER_MARK)) {
            content = content.substring(BYTE_ORDER_MARK.length());
        }
        // Editors and shells add a final newline that is not part of the secret.
        content = content.strip();
        if (content.isEmpty()) {
            throw new IllegalArgumentException("is empty in the file " + file);
        }
        if (content.indexOf('\0') >= 0) {
            throw new IllegalArgumentException("is not UTF-8 in the file " + file + "; the file may be UTF-16");
        }
        if (isInvisible(content.codePointAt(0)) || isInvisible(content.codePointBefore(content.length()))) {
            throw new IllegalArgumentException("begins or ends with an invisible character in the file " + file);
        }
        return content;
    }

    private static boolean isInvisible(int codePoint) {
        return Character.getType(codePoint) == Character.FORMAT || Character.isISOControl(codePoint);
    }

    private static String decoded(String file) {
        try {
            return Files.readString(Path.of(file));
        } catch (CharacterCodingException malformed) {
            throw new IllegalArgumentException("is not UTF-8 in the file " + file, malformed);
        } catch (NoSuchFileException absent) {
            throw new IllegalArgumentException(
                    "cannot be read from the file " + file + ", which does not exist", absent);
        } catch (AccessDeniedException denied) {
            throw new IllegalArgumentException(
                    "cannot be read from the file " + file + ", which this process may not read", denied);
        } catch (IOException | InvalidPathException unreadable) {
            throw new IllegalArgumentException("cannot be read from the file " + file, unreadable);
        }
    }
}
