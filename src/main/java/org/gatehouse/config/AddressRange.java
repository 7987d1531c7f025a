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
 * IP addresses with a common beginning, written {@code 10.0.0.0/8} or {@code 2001:db8::/32} (CIDR, RFC 4632 and 4291),
 * or a single address.
 *
 * <p>Host names are refused rather than looked up: who is in the range must not hang on what a name server says today.
 */
public final class AddressRange {
    private static final Pattern WRITTEN = Pattern.compile("([^/]+)(?:/([0-9]{1,3}))?");

    private static final int NO_PORT = 0;

    private final String text;
    private final IpSubnetFilterRule rule;

    private AddressRange(String text, IpSubnetFilterRule rule) {
        this.text = text;
        this.rule = rule;
    }

    /**
     * The range in a text.
     *
     * @throws IllegalArgumentException saying what is wrong with the text
     */
    public static AddressRange parse(String text) {
        Matcher written = WRITTEN.matcher(text);
        byte[] bytes = written.matches() ? NetUtil.createByteArrayFromIpAddressString(written.group(1)) : null;
        if (bytes == null) {
            throw new IllegalArgumentException("has \"" + text + "\", which is neither an IP address nor a CIDR range");
        }
        InetAddress address = address(bytes);
        int longest = address.getAddress().length * Byte.SIZE;
        int prefix = written.group(2) == null ? longest : Integer.parseInt(written.group(2));
        if (prefix < 1 || prefix > longest) {
            throw new IllegalArgumentException("has \"" + text + "\", whose prefix is not from 1 to " + longest);
        }
        return new AddressRange(text, new IpSubnetFilterRule(address, prefix, IpFilterRuleType.ACCEPT));
    }

    /** The ranges in a text that has commas between them. */
    static List<AddressRange> parseAll(String text) {
        return Arrays.stream(text.split(",", -1))
                .map(String::strip)
                .map(AddressRange::parse)
                .toList();
    }

    public boolean contains(InetAddress address) {
        return rule.matches(new InetSocketAddress(address, NO_PORT));
    }

    /** As it was written. */
    @Override
    public String toString() {
        return text;
    }

    private static InetAddress address(byte[] bytes) {
        try {
            return InetAddress.getByAddress(bytes);
        } catch (UnknownHostException impossible) {
            throw new IllegalArgumentException(impossible); // only for lengths other than 4 and 16
        }
    }
}
