package org.gatehouse.http;

import io.netty.util.NetUtil;
import java.net.Inet4Address;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Arrays;
import java.util.Optional;

/**
 * An IP address. Only numeric addresses are parsed. Host names are never looked up.
 *
 * <p>Each address has one representation: an IPv4-mapped IPv6 address becomes the IPv4 address, and a zone
 * ({@code %eth0}) is dropped.
 */
record IpAddress(InetAddress value) {
    private static final int NETWORK_BYTES = 8;

    /** A provider usually gives a customer another address of the same range. */
    private static final int IPV4_RANGE_BYTES = 3;

    private static final int IPV6_RANGE_BYTES = 6;

    /** Returns the address in the text; empty if the text is not an IP address. */
    static Optional<IpAddress> parse(String text) {
        byte[] bytes = NetUtil.createByteArrayFromIpAddressString(text);
        return Optional.ofNullable(bytes).map(IpAddress::of);
    }

    /** Returns the address in the form of RFC 5952. */
    String text() {
        return NetUtil.toAddressString(value);
    }

    /** Returns the IPv4 address, or the /64 network of the IPv6 address. */
    String source() {
        return value instanceof Inet4Address ? text() : network(NETWORK_BYTES);
    }

    /** Returns the /24 network of the IPv4 address, or the /48 network of the IPv6 address. */
    String range() {
        return network(value instanceof Inet4Address ? IPV4_RANGE_BYTES : IPV6_RANGE_BYTES);
    }

    private String network(int bytes) {
        byte[] address = value.getAddress();
        return of(Arrays.copyOf(Arrays.copyOf(address, bytes), address.length)).text() + "/" + bytes * Byte.SIZE;
    }

    private static IpAddress of(byte[] bytes) {
        try {
            return new IpAddress(InetAddress.getByAddress(bytes));
        } catch (UnknownHostException impossible) {
            throw new IllegalArgumentException(impossible); // thrown only for lengths other than 4 and 16
        }
    }
}
