package org.gatehouse.config;

import io.lettuce.core.RedisURI;
import io.lettuce.core.cluster.RedisClusterURIUtil;
import java.net.URI;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The address of Redis: one server, a group of Sentinels, or some servers of a Cluster.
 *
 * @param seeds the addresses, tried in this order until one replies; a group of Sentinels is one address
 */
public record RedisUrl(List<RedisURI> seeds) {
    /** The end of error messages about credentials that are not encoded. */
    static final String ENCODE = "In a user name or password, write % as %25, and then @ as %40, : as %3A, / as %2F,"
            + " ? as %3F, # as %23, [ as %5B, ] as %5D and a blank as %20";

    private static final Pattern ADDRESS = Pattern.compile("(rediss?)(-sentinel)?://([^/?#]*)(.*)", Pattern.DOTALL);

    /** The user name and password of RFC 3986, section 3.2.1. Non-ASCII letters are accepted too. */
    private static final Pattern CREDENTIALS = Pattern.compile(
            "(?:[A-Za-z0-9._~!$&'()*+,;=:-]|%[0-9A-Fa-f]{2}|[\\p{L}\\p{M}\\p{N}\\p{S}&&[^\\x00-\\x7F]])+");

    private static final Pattern HOST =
            Pattern.compile("(?:[A-Za-z0-9_][A-Za-z0-9_.-]*|\\[[0-9A-Fa-f:.]+])(?::([0-9]{1,5}))?");

    /** The text after the hosts: a database, the option {@code verifyPeer}, and the name of a Sentinel master. */
    private static final Pattern TAIL =
            Pattern.compile("(?:/[0-9]{0,9})?(\\?verifyPeer=(?:FULL|CA|NONE))?(#[A-Za-z0-9._-]+)?");

    private static final int MAX_PORT = 65_535;

    /**
     * Parses {@code redis://[user:password@]host[:port][/database]}, or {@code redis-sentinel://host[:port],…#name}.
     * Several hosts after {@code redis://} form a Cluster. {@code rediss} instead of {@code redis} selects TLS.
     *
     * <p>The string is checked before Lettuce parses it. Lettuce could mistake parts of an unencoded password for a
     * host, an option or a name.
     *
     * @throws IllegalArgumentException if the string is invalid; the message omits the string, which may contain a
     *     password
     */
    public static RedisUrl parse(String text) {
        Matcher address = ADDRESS.matcher(text);
        if (!address.matches()) {
            throw new IllegalArgumentException(
                    "must start with redis:// or redis-sentinel://, or for TLS with rediss:// or "
                            + "rediss-sentinel://; an address of Sentinels ends with # and the name of the master");
        }
        String authority = address.group(3);
        int hosts = authority.indexOf('@') + 1;
        if (authority.indexOf('@', hosts) >= 0) {
            throw notAnAddress("has more than one @. " + ENCODE);
        }
        if (hosts > 0 && !CREDENTIALS.matcher(authority.substring(0, hosts - 1)).matches()) {
            throw notAnAddress("has a character before the @ that must be encoded. " + ENCODE);
        }
        checkTail(address.group(4), address.group(1), address.group(2) != null);
        for (String host : authority.substring(hosts).split(",", -1)) {
            checkHost(host);
        }
        List<RedisURI> seeds = seedsOf(text);
        if (seeds.size() > 1 && RedisURI.create(text).getDatabase() != 0) {
            throw new IllegalArgumentException("names a database other than 0, but a Cluster has only database 0");
        }
        return new RedisUrl(seeds);
    }

    /** Returns the address of a single server. */
    static RedisUrl of(String host, int port) {
        return new RedisUrl(List.of(RedisURI.create(host, port)));
    }

    private static void checkTail(String tail, String scheme, boolean sentinel) {
        if (tail.contains("@")) {
            throw notAnAddress("has an @ after a /, ? or #. " + ENCODE);
        }
        Matcher parts = TAIL.matcher(tail);
        if (!parts.matches()) {
            throw notAnAddress("has something other than /database after the hosts. " + ENCODE);
        }
        if (parts.group(1) != null && !scheme.equals("rediss")) {
            throw notAnAddress("has the option verifyPeer, but no TLS (rediss://)");
        }
        if (sentinel && parts.group(2) == null) {
            throw notAnAddress("lacks the name of the master after a #");
        }
        if (!sentinel && parts.group(2) != null) {
            throw notAnAddress("has a #, which only redis-sentinel:// may have. " + ENCODE);
        }
    }

    private static void checkHost(String text) {
        Matcher host = HOST.matcher(text);
        if (!host.matches()) {
            throw notAnAddress("has something other than host or host:port between the commas and slashes. " + ENCODE);
        }
        int port = host.group(1) == null ? 1 : Integer.parseInt(host.group(1));
        if (port < 1 || port > MAX_PORT) {
            throw notAnAddress("has a port that is not from 1 to " + MAX_PORT);
        }
    }

    private static List<RedisURI> seedsOf(String text) {
        try {
            RedisURI whole = RedisURI.create(text);
            boolean isCluster =
                    whole.getSentinels().isEmpty() && whole.getHost().contains(",");
            return isCluster ? List.copyOf(RedisClusterURIUtil.toRedisURIs(URI.create(text))) : List.of(whole);
        } catch (RuntimeException malformed) {
            throw notAnAddress("cannot be read");
        }
    }

    private static IllegalArgumentException notAnAddress(String reason) {
        return new IllegalArgumentException("is not a Redis address (redis://user:password@host:6379/0, "
                + "redis://host:6379,host:6379 for a Cluster, redis-sentinel://host:26379,host:26379#name): it "
                + reason);
    }

    @Override
    public String toString() {
        return "[REDACTED]";
    }
}
