package org.gatehouse.config;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The settings of a {@code .env} file.
 *
 * <p>The format is what dotenv libraries, Docker Compose and systemd agree on. A line that they read in different ways is
 * a problem, not a guess, except that nothing is ever substituted for a {@code $}. {@code .env.example} describes the
 * format to operators. No library is used: SmallRye Config reads the file as Java properties, which drops backslashes, and
 * a message must never quote a faulty line, because the line may hold a password.
 *
 * @param values each with at least one character
 * @param problems one sentence for each faulty line, with the file and the line's number; never a part of the line
 */
record DotEnv(Map<String, String> values, List<String> problems) {
    static final DotEnv NONE = new DotEnv(Map.of(), List.of());

    private static final String BYTE_ORDER_MARK = "\uFEFF";

    private static final Pattern ASSIGNMENT = Pattern.compile("(?:export[ \\t]+)?([A-Za-z_][A-Za-z0-9_]*)[ \\t]*=(.*)");

    /** A {@code #} begins a comment where a blank precedes it, so that a password may contain one. */
    private static final Pattern COMMENT = Pattern.compile("[ \\t]#.*");

    private static final Pattern SINGLE_QUOTED = Pattern.compile("'([^']*)'(.*)");
    private static final Pattern DOUBLE_QUOTED = Pattern.compile("\"((?:[^\"\\\\]|\\\\.)*)\"(.*)");
    private static final Pattern ESCAPE = Pattern.compile("\\\\(.)");

    /** Reads a file; a missing one has no settings. */
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
        for (byte[] line : lines(content)) {
            number++;
            try {
                String text = text(line, number);
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
                    throw new IllegalArgumentException("sets " + name + " again, which line " + earlier + " sets");
                }
                values.put(name, value(name, assignment.group(2)));
            } catch (IllegalArgumentException faulty) {
                problems.add(file + ", line " + number + ", " + faulty.getMessage() + ".");
            }
        }
        values.values().removeIf(String::isEmpty);
        return new DotEnv(Map.copyOf(values), List.copyOf(problems));
    }

    /** Separated by LF, which is in no other character's UTF-8; the last one need not end with it. */
    private static List<byte[]> lines(byte[] content) {
        List<byte[]> lines = new ArrayList<>();
        int start = 0;
        for (int end = 0; end <= content.length; end++) {
            if (end == content.length || content[end] == '\n') {
                lines.add(Arrays.copyOfRange(content, start, end));
                start = end + 1;
            }
        }
        return lines;
    }

    /** The line without a byte order mark, the CR of a CRLF, and blanks at both ends. */
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
        String begun = written.stripLeading();
        return switch (begun.isEmpty() ? ' ' : begun.charAt(0)) {
            case '\'' -> quoted(name, SINGLE_QUOTED.matcher(begun));
            case '"' -> unescaped(name, quoted(name, DOUBLE_QUOTED.matcher(begun)));
            default -> COMMENT.matcher(written).replaceFirst("").strip();
        };
    }

    private static String quoted(String name, Matcher matcher) {
        if (!matcher.matches()) {
            throw new IllegalArgumentException("begins the value of " + name + " with a quote and does not end it");
        }
        String after = matcher.group(2);
        if (!after.isBlank() && !COMMENT.matcher(after).matches()) {
            throw new IllegalArgumentException("has more after the closing quote of " + name);
        }
        String value = matcher.group(1);
        if (!value.equals(value.strip())) {
            throw new IllegalArgumentException("has a blank at the start or the end of " + name);
        }
        return value;
    }

    /** The three escapes that every reader knows; of the others some drop the backslash, and some keep it. */
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

    /** The names only. */
    @Override
    public String toString() {
        return "DotEnv" + values.keySet();
    }
}
