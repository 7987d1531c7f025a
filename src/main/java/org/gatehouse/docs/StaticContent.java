package org.gatehouse.docs;

import jakarta.ws.rs.core.CacheControl;
import jakarta.ws.rs.core.EntityTag;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Request;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.Response.ResponseBuilder;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.Objects;
import org.gatehouse.store.Sha256;

/** Content that is the same for every client until the next release. Caches may store it, but must revalidate it. */
public final class StaticContent {
    public static final MediaType HTML = MediaType.TEXT_HTML_TYPE.withCharset("utf-8");
    public static final MediaType SCRIPT = new MediaType("text", "javascript", "utf-8");
    public static final MediaType STYLE = new MediaType("text", "css", "utf-8");

    /** The number of hash bytes in an entity tag. 12 bytes are enough to distinguish releases. */
    private static final int TAG_BYTES = 12;

    private final byte[] bytes;
    private final MediaType type;
    private final EntityTag tag;

    StaticContent(byte[] bytes, MediaType type) {
        this.bytes = bytes;
        this.type = type;
        this.tag = new EntityTag(HexFormat.of().formatHex(Arrays.copyOf(Sha256.of(bytes), TAG_BYTES)));
    }

    /** Returns the content of the file with this name in the package of the given class. */
    public static StaticContent ofFile(Class<?> neighbor, String name, MediaType type) {
        return new StaticContent(read(neighbor, name), type);
    }

    /**
     * Returns the content of a script or style in the package of the given class, without its indentation and without
     * the comments that have lines of their own. A line of a script must not begin within a string.
     */
    public static StaticContent ofCompactFile(Class<?> neighbor, String name, MediaType type) {
        String text = new String(read(neighbor, name), StandardCharsets.UTF_8);
        return new StaticContent(compact(text).getBytes(StandardCharsets.UTF_8), type);
    }

    private static String compact(String text) {
        StringBuilder compact = new StringBuilder();
        boolean inComment = false;
        for (String line : text.lines().map(String::strip).toList()) {
            boolean begins = !inComment && line.startsWith("/*");
            boolean code = !inComment && !begins && !line.startsWith("//") && !line.isEmpty();
            inComment = (inComment || begins) && !line.endsWith("*/");
            if (code) {
                compact.append(line).append('\n');
            }
        }
        return compact.toString();
    }

    /** Returns the bytes of the file with this name in this package. */
    static byte[] read(String name) {
        return read(StaticContent.class, name);
    }

    private static byte[] read(Class<?> neighbor, String name) {
        try (InputStream file = neighbor.getResourceAsStream(name)) {
            return Objects.requireNonNull(file, name).readAllBytes();
        } catch (IOException unreadable) {
            throw new UncheckedIOException(unreadable);
        }
    }

    /** Returns 200 with the content, or 304 if the caller already has it. */
    public ResponseBuilder response(Request request) {
        ResponseBuilder unchanged = request.evaluatePreconditions(tag);
        CacheControl askAgain = new CacheControl();
        askAgain.setNoCache(true);
        askAgain.setNoTransform(false);
        return (unchanged == null ? Response.ok(bytes, type) : unchanged)
                .tag(tag)
                .cacheControl(askAgain);
    }
}
