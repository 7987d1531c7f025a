package org.gatehouse.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The settings in a {@code .env} file.
 *
 * <p>The format is the common subset of dotenv libraries, Docker Compose and systemd. {@code .env.example} describes
 * this format. A line that these programs interpret in different ways is reported as a problem. A {@code $} is not
 * reported, although programs interpret it in different ways; it is kept. SmallRye Config is not used, because it drops
 * backslashes. Messages must not quote values, because a value may be a password.
 *
 * @param values the values by name, without empty values
 * @param problems one sentence for each invalid line, with the file and the line number, but without the value
 */
record DotEnv(Map<String, String> values, List<String> problems) {
    static final DotEnv NONE = new DotEnv(Map.of(), List.of());

    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private static final Pattern ASSIGNMENT = Pattern.compile("(?:export[ \\t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \\t]*=(.*)");

    /** A {@code #} starts a comment only after a blank, so that a password may contain a {@code #}. */
    private static final Pattern COMMENT = Pattern.compile("[ \\t]#.*");

    private static final Pattern SINGLE_QUOTED = Pattern.compile("'([^']*)'(.*)");
    private static final Pattern DOUBLE_QUOTED = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"(.*)");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(.)");

    /** Reads a file. A missing file counts as empty. */
    static DotEnv read(Path file) {
        if (!Files.exists(file) || Files.isDirectory(file)) {
            return NONE;
        }
        try {
            return parse(Files.readAllBytes(file), file.toAbsolutePath().toString());
        } catch (IOException unreadable) {
            return new DotEnv(Map.of(), List.of(file.toAbsolutePath() + " cannot be read."));
        }
    }

    static DotEnv parse(byte[] content, String file) {
        Map<String, String> values = new HashMap<>();
        Map<String, Integer> lineOf = new HashMap<>();
        List<String> problems = new ArrayList<>();
        int number = 0;
        // Each line is decoded separately, so that a problem can name the line. In UTF-8, the byte 0A is always an LF.
        for (String line : new String(content, StandardCharsets.ISO_8859_1).split("\n", -1)) {
            number++;
            try {
                String text = text(line.getBytes(StandardCharsets.ISO_8859_1), number);
                if (text.isEmpty() || text.startsWith("#")) {
                    continue;
                }
                Matcher assignment = ASSIGNMENT.matcher(text);
                if (!assignment.matches()) {
                    throw new IllegalArgumentException("is neither NAME=value nor a comment that begins with #");
                }
                String name = assignment.group(1);
                Integer earlier = lineOf.putIfAbsent(name, number);
                if (earlier != null) {
                    throw new IllegalArgumentException("sets " + name + ", which line " + earlier + " also sets");
                }
                values.put(name, value(name, assignment.group(2)));
            } catch (IllegalArgumentException invalid) {
                problems.add(file + ", line " + number + ", " + invalid.getMessage() + ".");
            }
        }
        values.values().removeIf(String::isEmpty);
        return new DotEnv(Map.copyOf(values), List.copyOf(problems));
    }

    /** Decodes a line, and removes a byte order mark, the CR of a CRLF, and surrounding blanks. */
    private static String text(byte[] line, int number) {
        String text;
        try {
            text = StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(line))
                    .toString();
        } catch (CharacterCodingException malformed) {
            throw new IllegalArgumentException("is not UTF-8", malformed);
        }
        if (number == 1 && text.startsWith(BYTE_ORDER_MARK)) {
            text = text.substring(BYTE_ORDER_MARK.length());
        }
        text = text.strip();
        if (text.codePoints().anyMatch(DotEnv::isHidden)) {
            throw new IllegalArgumentException("has a control character or a byte order mark");
        }
        return text;
    }

    private static boolean isHidden(int codePoint) {
        return (Character.isISOControl(codePoint) && codePoint != '\t') || codePoint == BYTE_ORDER_MARK.codePointAt(0);
    }

    private static String value(String name, String written) {
        String stripped = written.stripLeading();
        return switch (stripped.isEmpty() ? ' ' : stripped.charAt(0)) {
            case '\'' -> quoted(name, SINGLE_QUOTED.matcher(stripped));
            case '"' -> unescaped(name, quoted(name, DOUBLE_QUOTED.matcher(stripped)));
            default -> COMMENT.matcher(written).replaceFirst("").strip();
        };
    }

    private static String quoted(String name, Matcher matcher) {
        if (!matcher.matches()) {
            throw new IllegalArgumentException("lacks the closing quote of " + name);
        }
        String after = matcher.group(2);
        if (!after.isBlank() && !COMMENT.matcher(after).matches()) {
            throw new IllegalArgumentException("has text after the closing quote of " + name);
        }
        String value = matcher.group(1);
        if (!value.equals(value.strip())) {
            throw new IllegalArgumentException("has a blank at the start or the end of the value of " + name);
        }
        return value;
    }

    /** Replaces the three escapes that all programs support, and rejects others, which programs treat differently. */
    private static String unescaped(String name, String value) {
        return ESCAPE.matcher(value)
                .replaceAll(escape -> Matcher.quoteReplacement(
                        switch (escape.group(1)) {
                            case "n" -> "\n";
                            case "\"", "\\" -> escape.group(1);
                            default ->
                                throw new IllegalArgumentException(
                                        "has a \\ in the double quotes of " + name
                                                + " that is not part of \\n, \\\" or \\\\; single quotes keep every \\ as it is");
                        }));
    }

    /** Returns only the names, because values may be secret. */
    @Override
    public String toString() {
        return "DotEnv" + values.keySet();
    }
}
