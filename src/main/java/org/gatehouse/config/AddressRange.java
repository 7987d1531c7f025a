package org.gatehouse.config;

import io.netty.handler.ipfilter.IpFilterRuleType;
import io.netty.handler.ipfilter.IpSubnetFilterRule;
import io.netty.util.NetUtil;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * A range of IP addresses in CIDR notation such as {@code 10.0.0.0/8} or {@code 2001:db8::/32} (RFC 4632 and 4291), or
 * a single address.
 *
 * <p>Host names are rejected, because a range must not depend on the replies of a name server.
 */
public final class AddressRange {
    private static final Pattern CIDR = Pattern.compile("([^/]+)(?:/([0-9]{1,3}))?");

    private static final int NO_PORT = 0;

    private final String text;
    private final IpSubnetFilterRule rule;

    private AddressRange(String text, IpSubnetFilterRule rule) {
        this.text = text;
        this.rule = rule;
    }

    /**
     * Parses a range.
     *
     * @throws IllegalArgumentException if the text is invalid; the message is the reason
     */
    public static AddressRange parse(String text) {
        Matcher matcher = CIDR.matcher(text);
        byte[] bytes = matcher.matches() ? NetUtil.createByteArrayFromIpAddressString(matcher.group(1)) : null;
        if (bytes == null) {
            throw new IllegalArgumentException("has \"" + text + "\", which is neither an IP address nor a CIDR range");
        }
        InetAddress address = address(bytes);
        int maxPrefix = address.getAddress().length * Byte.SIZE;
        int prefix = matcher.group(2) == null ? maxPrefix : Integer.parseInt(matcher.group(2));
        if (prefix < 1 || prefix > maxPrefix) {
            throw new IllegalArgumentException("has \"" + text + "\", whose prefix is not from 1 to " + maxPrefix);
        }
        return new AddressRange(text, new IpSubnetFilterRule(address, prefix, IpFilterRuleType.ACCEPT));
    }

    static List<AddressRange> parseAll(String text) {
        return Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .map(AddressRange::parse)
                .toList();
    }

    public boolean contains(InetAddress address) {
        return rule.matches(new InetSocketAddress(address, NO_PORT));
    }

    /** Returns the range as it was configured. */
    @Override
    public String toString() {
        return text;
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException impossible) {
            throw new IllegalArgumentException(impossible); // thrown only for lengths other than 4 and 16
        }
    }
}
