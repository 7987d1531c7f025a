package org.gatehouse.config;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;

/** Reads one setting after the other and remembers what was wrong, so that all of it can be told at once. */
final class SettingsReader {
    private final SettingSources sources;
    private final List<String> problems = new ArrayList<>();

    SettingsReader(SettingSources sources) {
        this.sources = sources;
    }

    /** @param placeholder stands in for a missing value until the problems are thrown; never seen after that */
    <T> T required(Setting<T> setting, T placeholder, String hint) {
        Optional<T> value = optional(setting);
        if (value.isEmpty() && !complainedOf(setting)) {
            problems.add(setting.name() + " is missing. " + setting.meaning() + hint);
        }
        return value.orElse(placeholder);
    }

    <T> T withDefault(Setting<T> setting) {
        return optional(setting)
                .orElseGet(() -> setting.parser().apply(setting.defaultValue().orElseThrow()));
    }

    <T> Optional<T> optional(Setting<T> setting) {
        try {
            return text(setting).map(setting.parser());
        } catch (IllegalArgumentException wrong) {
            problems.add(setting.name() + " " + wrong.getMessage());
            return Optional.empty();
        }
    }

    /** Remembers what is wrong with several settings together. */
    void complain(String problem) {
        problems.add(problem);
    }

    /** @throws SettingsException naming all that was wrong */
    void throwIfAny() {
        if (!problems.isEmpty()) {
            throw new SettingsException(problems);
        }
    }

    boolean complainedOf(Setting<?> setting) {
        return problems.stream().anyMatch(problem -> problem.startsWith(setting.name() + " "));
    }

    private Optional<String> text(Setting<?> setting) {
        Optional<String> direct = sources.find(setting.name());
        if (!setting.secret()) {
            return direct;
        }
        Optional<String> file = sources.find(setting.name() + SettingSources.FILE_SUFFIX);
        if (direct.isPresent() && file.isPresent()) {
            throw new IllegalArgumentException("and " + setting.name() + "_FILE are both set; keep one");
        }
        return direct.or(() -> file.map(SettingsReader::contentOf));
    }

    private static String contentOf(String file) {
        String content;
        try {
            // Editors and shells end a file with a newline that is not part of the secret.
            content = Files.readString(Path.of(file)).strip();
        } catch (IOException | InvalidPathException unreadable) {
            throw new IllegalArgumentException("cannot be read from the file " + file, unreadable);
        }
        if (content.isEmpty()) {
            throw new IllegalArgumentException("is empty in the file " + file);
        }
        return content;
    }
}
